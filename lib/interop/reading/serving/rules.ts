import type { Draft, FileSetting } from "../draft.ts";
import type { Rule } from "../format.ts";
import { plainText } from "../plain_text.ts";
import { readSwitch, readType } from "../values.ts";
import { stateModel } from "../vocabulary/model.ts";
import { COMMAND_KEYS } from "./read_command.ts";

/** Words for a setting that is left to the engine. */
const LEFT = /^(?:auto|none|null|-1)$/i;

/** The engine that a command starts. */
export const programRule: Rule = {
  keys: [COMMAND_KEYS.program],
  fields: ["serve.engine"],
  read: (setting, draft) => draft.state(setting, "serve.engine", setting.value),
};

/** Whether a value is a variable that the text does not set; then it is refused. */
export function isUnset(setting: FileSetting, draft: Draft): boolean {
  const name = /^\$\{?(\w+)/.exec(plainText(setting.value))?.[1];
  if (name === undefined) return false;
  draft.problems.push({
    path: setting.key,
    message: `${setting.key} is $${
      name.slice(0, 60)
    }, which the text does not set: add a line that sets it`,
  });
  return true;
}

/** The model by its name on the Hub or its folder. */
export function servedModel(keys: readonly string[]): Rule {
  return {
    keys,
    fields: ["model"],
    values: "a Hub id, or a folder whose name the catalogue has",
    read: (setting, draft) => {
      if (!isUnset(setting, draft)) stateModel(setting, draft);
    },
  };
}

/** Suffixes of servers' counts: small ones are decimal, capitals binary. */
const SUFFIXES: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};

/**
 * Reads a count as vLLM and SGLang do: 8192, 8k (8000), 8K (8192), 25.6k.
 *
 * Source: vllm-project/vllm engine/arg_utils.py, human_readable_int
 */
export function countIn(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)([kmgtKMGT]?)$/.exec(text);
  if (!match) return null;
  const count = Math.round(Number(match[1]) * (SUFFIXES[match[2] ?? ""] ?? 1));
  return Number.isSafeInteger(count) ? count : null;
}

/** Tokens or another count: `8192`, `8k`; `auto` and `-1` are the engine's own. */
export function countRule(
  keys: readonly string[],
  path: string,
  left = LEFT,
): Rule {
  return {
    keys,
    fields: [path],
    read: (setting, draft) => {
      if (isUnset(setting, draft)) return;
      const text = plainText(setting.value).trim();
      if (left.test(text)) {
        draft.leave(setting, "left to the engine");
        return;
      }
      const count = countIn(text);
      if (count === null) draft.refuse(setting, "must be a whole number");
      else draft.state(setting, path, count);
    },
  };
}

/** A share, such as 0.9. */
export function shareRule(keys: readonly string[], path: string): Rule {
  return {
    keys,
    fields: [path],
    read: (setting, draft) => {
      if (isUnset(setting, draft)) return;
      const text = plainText(setting.value).trim();
      const share = Number(text === "" ? NaN : text);
      if (LEFT.test(text)) draft.leave(setting, "left to the engine");
      else if (Number.isFinite(share) && share > 0) {
        draft.state(setting, path, share);
      } else draft.refuse(setting, "must be a number above 0");
    },
  };
}

/** A flag that stands alone, or with `true` or `false` behind it. */
export function switchRule(
  keys: readonly string[],
  path: string,
  on: unknown,
  off: unknown = null,
): Rule {
  return {
    keys,
    fields: [path],
    values: `given → ${on}${off === null ? "" : `, false → ${off}`}`,
    read: (setting, draft) => {
      const value = readSwitch(setting.value);
      if (value === null) draft.refuse(setting, "must be true or false");
      else if (value) draft.state(setting, path, on);
      else if (off === null) draft.leave(setting, "switched off");
      else draft.state(setting, path, off);
    },
  };
}

/** A choice among an engine's names; null leaves it to the engine. */
export function namedRule(
  keys: readonly string[],
  path: string,
  names: Readonly<Record<string, unknown>>,
): Rule {
  return {
    keys,
    fields: [path],
    values: Object.entries(names).filter(([, value]) => value !== null)
      .map(([name, value]) => `${name} → ${value}`).join(", "),
    read: (setting, draft) => {
      if (isUnset(setting, draft)) return;
      const name = plainText(setting.value).toLowerCase();
      const value = Object.hasOwn(names, name) ? names[name] : undefined;
      if (value === undefined) {
        draft.refuse(
          setting,
          `must be one of ${Object.keys(names).join(", ")}`,
        );
      } else if (value === null) draft.leave(setting, "left to the engine");
      else draft.state(setting, path, value);
    },
  };
}

/** The type that weights are computed in; `auto` is the checkpoint's. */
export function dtypeRule(keys: readonly string[]): Rule {
  return {
    keys,
    fields: ["precision.weights"],
    values: "auto → the checkpoint's",
    read: (setting, draft) => {
      if (isUnset(setting, draft)) return;
      const type = readType(setting.value);
      if (type) draft.state(setting, "precision.weights", type);
      else if (setting.value === "auto") {
        draft.leave(setting, "left to the engine");
      } else {
        draft.refuse(setting, "must be auto, bfloat16, float16 or float32");
      }
    },
  };
}

/** Schemes by the names that servers have for them. */
const SCHEMES: Readonly<Record<string, string>> = {
  awq: "awq-int4",
  "awq-marlin": "awq-int4",
  gptq: "gptq-int4",
  "gptq-marlin": "gptq-int4",
  fp8: "fp8",
  "w8a8-fp8": "fp8",
  "modelopt": "fp8",
  "modelopt-fp8": "fp8",
  "w8a8-int8": "int8",
  eetq: "int8",
  bitsandbytes: "nf4",
  "bitsandbytes-nf4": "nf4",
  mxfp4: "mxfp4",
  nvfp4: "nvfp4",
  "modelopt-fp4": "nvfp4",
  hqq: "hqq-int4",
};
/** Names of checkpoints that are published in a scheme. */
const PUBLISHED =
  /awq|gptq|fp8|fp4|int4|int8|w4a16|w8a|bnb|gguf|exl|gpt-oss|deepseek-(?:v3|r1)/i;

/** Whether a checkpoint's name says that it is published in a scheme. */
export function published(name: string): boolean {
  return PUBLISHED.test(name);
}

/**
 * The scheme that weights are loaded in. A checkpoint whose name says that it is
 * published in one tells it itself.
 */
export function schemeRule(keys: readonly string[]): Rule {
  return {
    keys,
    fields: ["quantization.weights"],
    values: Object.entries(SCHEMES).map(([name, value]) => `${name} → ${value}`)
      .join(", "),
    read: (setting, draft, all) => {
      if (isUnset(setting, draft)) return;
      const name = plainText(setting.value).toLowerCase().replaceAll("_", "-");
      const model = ["model", "model-path", "model-id"]
        .map((key) => plainText(all.get(key) ?? "")).join(" ");
      if (published(model)) {
        draft.leave(setting, "the checkpoint tells its own scheme");
      } else if (Object.hasOwn(SCHEMES, name)) {
        draft.state(setting, "quantization.weights", SCHEMES[name]);
      } else {
        draft.leave(
          setting,
          `no scheme that Headroom knows by that name: ${
            Object.keys(SCHEMES).join(", ")
          }`,
          true,
        );
      }
    },
  };
}

/** GPUs that are visible, where how the model is cut says how many are used. */
export const visibleRule: Rule = {
  keys: [COMMAND_KEYS.gpus],
  fields: ["parallel.gpus"],
  values: "how the model is cut says how many are used",
  read: (setting, draft) =>
    draft.leave(setting, "how the model is cut says how many are used"),
};

/** What a server's file says of every scenario. */
export function assumeServed(draft: Draft, title: string): void {
  draft.assume("task", "serve", `${title} serves models`);
}

/** Replicas, each of as many GPUs as one needs. */
export function stateReplicas(
  setting: FileSetting,
  draft: Draft,
  one: number,
): void {
  const count = countIn(plainText(setting.value).trim());
  if (count === null || count < 1) {
    draft.refuse(setting, "must be a whole number above 0");
  } else draft.state(setting, "parallel.gpus", count * one);
}
