import { findGpu } from "../hardware/gpus.ts";
import { findModel } from "../models/catalogue.ts";
import type { WrittenText } from "./lines.ts";
import { listedGpus } from "./nvidia_smi.ts";
import type { StackFact } from "./stack_facts.ts";
import { stackFacts } from "./stack_facts.ts";

/** What a text says of the run beside its failure. */
export interface RunFacts {
  /** The model's name, of the catalogue or of the Hub; null where none is named. */
  readonly model: string | null;
  /** Names of the GPUs by the catalogue, as they are listed. */
  readonly gpus: readonly string[];
  /** Settings of training by their usual names. */
  readonly settings: ReadonlyMap<string, string>;
  /** The type of transformers whose code stands on the stack: "llama". */
  readonly type: string | null;
  /** Fields that the code on the stack and launchers tell. */
  readonly stack: readonly StackFact[];
  /** Rows and tokens of a batch, where a shape was printed. */
  readonly shape: readonly [number, number] | null;
}

/** Settings whose values are taken where a text has them, by the Trainer's names. */
const SETTINGS: ReadonlySet<string> = new Set([
  "per_device_train_batch_size",
  "gradient_accumulation_steps",
  "gradient_checkpointing",
  "max_seq_length",
  "max_length",
  "model_max_length",
  "optim",
  "bf16",
  "fp16",
  "torch_dtype",
  "attn_implementation",
  "use_liger_kernel",
  "load_in_4bit",
  "load_in_8bit",
  "bnb_4bit_use_double_quant",
  "bnb_4bit_quant_type",
  "use_peft",
  "lora_r",
  "lora_alpha",
  "lora_target_modules",
]);
/** The same settings as others call them. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  max_seq_len: "max_seq_length",
  sequence_len: "max_seq_length",
  cutoff_len: "max_seq_length",
  micro_batch_size: "per_device_train_batch_size",
  train_micro_batch_size_per_gpu: "per_device_train_batch_size",
  lora_rank: "lora_r",
  target_modules: "lora_target_modules",
};
/** `name=value`, `name: value`, `--name value`. */
const SETTING =
  /(?:^|[\s({,"'-])([a-z][a-z0-9_-]{3,40})["']?(?: ?[=:] ?| )["']?([\w./+-]{1,80})/g;
/** What transformers' Trainer prints as it starts. */
const TRAINER: readonly (readonly [string, RegExp])[] = [
  [
    "per_device_train_batch_size",
    /[Bb]atch size per device = ([\d,]{1,9})/,
  ],
  [
    "gradient_accumulation_steps",
    /Gradient [Aa]ccumulation steps = ([\d,]{1,9})/,
  ],
];
const RANK = /LoraConfig\([^)]{0,400}?\br ?= ?(\d{1,4})/;

const NAMED: readonly RegExp[] = [
  /(?:model_name_or_path|pretrained_model_name_or_path|base_model|model_path|model_id|model_name|model-path|--model|model|served_model_name)["']?(?: ?[=:] ?| )["']?([\w.-]{1,96}\/[\w.-]{1,96}|[\w-]{1,40}\d[\w.-]{1,60})/g,
  /models--([\w.-]{1,96}?--[\w.-]{1,96})(?=[/\s'"]|$)/g,
  /(?:from_pretrained|LLM|AutoModelForCausalLM|vllm serve|ollama run|pipeline)\(?["' ]{0,3}(?:model=)?["']?([\w.-]{1,96}\/[\w.-]{1,96}|[\w.-]{2,60}:[\w.-]{1,40})/g,
];
const IN_PROSE =
  /\b[A-Za-z][A-Za-z0-9.]{1,20}(?:[-_/][A-Za-z0-9.]{1,20}){0,6}[-_]\d{1,3}(?:\.\d{1,2})?[Bb](?:[-_][A-Za-z0-9.]{1,20}){0,4}/g;
const MOST_IN_PROSE = 200;
const TYPE =
  /transformers\/(?:src\/transformers\/)?models\/([a-z0-9_]{1,40})\/modeling_/;
const SHAPE =
  /(?:input_ids|inputs?|batch|tokens)[^\n]{0,60}?(?:torch\.Size\(|shape[=: ]{0,3})[[(]{1,2}(\d{1,6}), ?(\d{1,8})[\])]/i;
const DEVICE = /Device \d{1,3}: ([^,\n]{3,60}), compute capability/g;
const GPU =
  /(?:NVIDIA|Tesla|GeForce|RTX|AMD Instinct|Radeon)[ -][\w. -]{1,40}|\b(?:A100|H100|H200|B200|L40S|A6000|V100|A10G|MI300X)\b(?:[ -]{1,2}(?:SXM\d?|PCIe|\d{2,3} ?GB)){0,2}/g;

/** Matches of a pattern that are looked at. */
const MOST = 4000;
/** Characters of a text in which names of models are looked for. */
const LOOKED_AT = 400_000;

/** Reads what a text says of the run. */
export function factsIn(texts: readonly WrittenText[]): RunFacts {
  const whole = texts.map((each) => each.text).join("\n");
  const text = whole.length > 2 * LOOKED_AT
    ? `${whole.slice(0, LOOKED_AT)}\n${whole.slice(-LOOKED_AT)}`
    : whole;
  const shape = SHAPE.exec(text);
  return {
    model: modelIn(text),
    gpus: gpusIn(text),
    settings: settingsIn(text),
    type: TYPE.exec(text)?.[1] ?? null,
    stack: stackFacts(texts),
    shape: shape ? [Number(shape[1]), Number(shape[2])] : null,
  };
}

function settingsIn(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let looked = 0;
  for (const [, written = "", value = ""] of text.matchAll(SETTING)) {
    if (++looked > 10 * MOST) break;
    const plain = written.replaceAll("-", "_");
    const name = OTHER_NAMES[plain] ?? plain;
    if (!SETTINGS.has(name) || found.has(name) || value === "None") continue;
    found.set(name, value.replace(/^torch\./, "").replace(/[.,]+$/, ""));
  }
  for (const [name, says] of TRAINER) {
    const value = says.exec(text)?.[1];
    if (value !== undefined) found.set(name, value.replaceAll(",", ""));
  }
  const rank = RANK.exec(text)?.[1];
  if (rank !== undefined && !found.has("lora_r")) found.set("lora_r", rank);
  return found;
}

/** The model that is named: one of the catalogue before others of the Hub. */
function modelIn(text: string): string | null {
  let other: string | null = null;
  for (const pattern of NAMED) {
    let looked = 0;
    for (const [, found = ""] of text.matchAll(pattern)) {
      if (++looked > MOST) break;
      const name = found.replace("--", "/").replace(/[.,]+$/, "");
      const known = findModel(name) ?? findModel(name.split("/").at(-1) ?? "");
      if (known) return known.id;
      if (isHubId(name)) other ??= name;
    }
  }
  return other ?? inProse(text);
}

/** A name of the catalogue that stands anywhere, with its size: "Llama-3.1-8B". */
function inProse(text: string): string | null {
  let looked = 0;
  for (const [name] of text.matchAll(IN_PROSE)) {
    if (++looked > MOST_IN_PROSE) break;
    const known = findModel(name) ?? findModel(name.replace(/^.*\//, ""));
    if (known) return known.id;
  }
  return null;
}

/** Whether a name can be one of the Hub, and is no path of a file. */
function isHubId(name: string): boolean {
  return /^[A-Za-z0-9][\w-]*\/[A-Za-z0-9][\w.-]*$/.test(name) &&
    !/\.(?:py|json|ya?ml|txt|log|gguf|safetensors|sh|jsonl|bin|pt)$|^(?:home|usr|opt|mnt|data|root|tmp|workspace|models?|checkpoints?|outputs?)\//
      .test(name);
}

function gpusIn(text: string): string[] {
  const listed = listedGpus(text).map(({ name }) => name);
  const devices = [...text.matchAll(DEVICE)].slice(0, 16)
    .map(([, name = ""]) => name.trim());
  const named = listed.length > 0 ? listed : devices;
  const all = named.length > 0 ? named : [
    ...new Set(
      [...text.slice(0, LOOKED_AT).matchAll(GPU)].map(([name]) => name),
    ),
  ]
    .slice(0, 16);
  const found = all.flatMap((name) => knownGpu(name) ?? []);
  // Of names that merely stand in a text each says the same GPU again.
  return named.length > 0 ? found : found.slice(0, 1);
}

/** A GPU of the catalogue, whose name may be cut or followed by other words. */
function knownGpu(name: string): string | null {
  const words = name.replaceAll(/\.\.\.$|[.,;]$/g, "").trim().split(/\s+/);
  for (let count = words.length; count > 0; count--) {
    const known = findGpu(words.slice(0, count).join(" "));
    if (known) return known.name;
  }
  return null;
}
