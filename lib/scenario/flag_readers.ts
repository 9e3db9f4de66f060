import { OPTIMIZERS } from "./optimizers.ts";

/** A flag's effect: texts by dotted path, for the schema to read. */
export type Settings = [path: string, text: string][];

/** Weight types that a flag can name, and the fields that say the same. */
export const DTYPES: Record<string, Settings> = {
  fp32: [["precision.weights", "fp32"]],
  float32: [["precision.weights", "fp32"]],
  bf16: [["precision.weights", "bf16"]],
  bfloat16: [["precision.weights", "bf16"]],
  fp16: [["precision.weights", "fp16"]],
  float16: [["precision.weights", "fp16"]],
  fp8: [["quantization.weights", "fp8"]],
  int8: [["quantization.weights", "int8"]],
  int4: [["quantization.weights", "int4"]],
  nf4: [["quantization.weights", "nf4"]],
};

/** The types that `--precision` names; `--dtype` names more. */
export const PRECISIONS: readonly string[] = [
  "fp32",
  "fp16",
  "bf16",
  "int8",
  "int4",
];

/** What `--mode` names, and the field that says the same. */
export const MODES: Record<string, Settings> = {
  training: [["task", "train"]],
  inference: [["task", "serve"]],
};

/** One of two texts; a value that is neither true nor false is left to be refused. */
export function choice(
  text: string,
  path: string,
  yes: string,
  no: string,
): Settings {
  const on = readBoolean(text);
  return [[path, on === null ? text : on ? yes : no]];
}

/** Reads "true", "false" and their kin; null for anything else. */
export function readBoolean(text: string): boolean | null {
  if (/^(true|yes|on|1|y|t)$/i.test(text)) return true;
  return /^(false|no|off|0|n|f)$/i.test(text) ? false : null;
}

/** LoRA or QLoRA; every other field of theirs keeps its default. */
export function adapters(text: string, method: string): Settings {
  const on = readBoolean(text);
  if (on === null) return [["train.method", text]];
  return on ? [["train.method", method]] : [];
}

/** Reads the Trainer's names too: "paged_adamw_8bit" is AdamW, paged, 8 bits. */
export function optimizerSettings(text: string): Settings {
  const name = text.toLowerCase().replaceAll("_", "-");
  if ((OPTIMIZERS as readonly string[]).includes(name)) {
    return [["optimizer.name", name]];
  }
  const plain = name.replace(/^paged-/, "");
  const known = OPTIMIZERS.find((each) =>
    plain === each || plain.startsWith(`${each}-`)
  );
  const bits = name.match(/(32|8|4)-?bit/)?.[1];
  return [
    ["optimizer.name", known ?? text],
    ...(bits ? [["optimizer.bits", bits] as [string, string]] : []),
    ...(name.startsWith("paged-")
      ? [["optimizer.paged", "true"] as [string, string]]
      : []),
  ];
}
