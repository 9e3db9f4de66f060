import { MAX_LAYERS } from "../../scenario/limits.ts";
import type { Draft, FileSetting } from "../reading/draft.ts";
import type { Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import {
  ggufOfFile,
  ggufOfRepository,
  stateGguf,
} from "../reading/serving/gguf_names.ts";
import { COMMAND_KEYS } from "../reading/serving/read_command.ts";
import {
  countRule,
  isUnset,
  programRule,
  switchRule,
} from "../reading/serving/rules.ts";

/** Which of the programs is started. */
export const BINARY_KEY = "binary";

/** llama.cpp's flags that fields of a Scenario say, long and short. */
export const LLAMA_RULES: readonly Rule[] = [
  programRule,
  {
    keys: [BINARY_KEY],
    fields: ["serve.logits_all"],
    values: "llama-cli → true",
    read: (setting, draft) =>
      draft.state(setting, "serve.logits_all", setting.value === "llama-cli"),
  },
  {
    keys: ["model", "m"],
    fields: ["model", "quantization.weights"],
    values: "a GGUF whose name the catalogue has, and its type",
    read: (setting, draft) => {
      if (isUnset(setting, draft)) return;
      stateGguf(setting, draft, ggufOfFile(plainText(setting.value)));
    },
  },
  {
    keys: ["hf-repo", "hf", "hfr"],
    fields: ["model", "quantization.weights"],
    values: "a repository, and the type behind the colon or Q4_K_M",
    read: (setting, draft, all) => {
      if (isUnset(setting, draft)) return;
      const file = all.get("hf-file") ?? all.get("hff");
      const repository = ggufOfRepository(plainText(setting.value));
      stateGguf(setting, draft, {
        ...repository,
        type: file === undefined
          ? repository.type
          : ggufOfFile(plainText(file)).type ?? repository.type,
      });
    },
  },
  {
    keys: ["hf-file", "hff"],
    fields: ["quantization.weights"],
    read: (setting, draft) => draft.leave(setting, "read with the repository"),
  },
  countRule(["ctx-size", "c"], "serve.cache_tokens", /^0$/),
  countRule(["batch-size", "b"], "serve.batch_tokens"),
  countRule(["ubatch-size", "ub"], "serve.ubatch_tokens"),
  countRule(["parallel", "np"], "serve.slots", /^-1$/),
  {
    keys: ["gpu-layers", "n-gpu-layers", "ngl"],
    fields: ["serve.gpu_layers"],
    values: "a number or all; auto is llama.cpp's own",
    read: (setting, draft) => {
      if (isUnset(setting, draft)) return;
      const text = plainText(setting.value).toLowerCase();
      const count = Number(text);
      if (text === "auto" || text === "-1") {
        draft.leave(setting, "left to the engine");
      } else if (text === "all" || count > MAX_LAYERS) {
        draft.state(setting, "serve.gpu_layers", "all");
      } else if (Number.isSafeInteger(count) && count >= 0) {
        draft.state(setting, "serve.gpu_layers", count);
      } else draft.refuse(setting, "must be auto, all or a whole number");
    },
  },
  countRule(["n-cpu-moe", "ncmoe"], "serve.cpu_moe_layers"),
  {
    keys: ["cpu-moe", "cmoe"],
    fields: ["serve.cpu_moe_layers"],
    values: "given → all",
    read: (setting, draft) =>
      draft.state(setting, "serve.cpu_moe_layers", MAX_LAYERS),
  },
  {
    keys: ["flash-attn", "fa"],
    fields: ["serve.flash_attention"],
    values: "on, off or auto; given alone → on",
    read: (setting, draft) => {
      const text = setting.value === true
        ? "on"
        : plainText(setting.value).toLowerCase();
      const named = { "1": "on", "0": "off", enabled: "on", disabled: "off" }[
        text
      ] ?? text;
      if (["on", "off", "auto"].includes(named)) {
        draft.state(setting, "serve.flash_attention", named);
      } else draft.refuse(setting, "must be on, off or auto");
    },
  },
  cacheRule(["cache-type-k", "ctk"], "k"),
  cacheRule(["cache-type-v", "ctv"], "v"),
  switchRule(["kv-unified", "kvu"], "serve.kv_unified", true, false),
  switchRule(["no-kv-unified", "no-kvu"], "serve.kv_unified", false),
  switchRule(["swa-full"], "serve.swa_full", true, false),
  switchRule(["no-kv-offload", "nkvo"], "serve.kv_offload", false, true),
  switchRule(["kv-offload", "kvo"], "serve.kv_offload", true, false),
  switchRule(["no-op-offload"], "serve.op_offload", false, true),
  switchRule(["op-offload"], "serve.op_offload", true, false),
  {
    keys: ["tensor-split", "ts"],
    fields: ["serve.tensor_split"],
    read: (setting, draft) => {
      if (isUnset(setting, draft)) return;
      const shares = plainText(setting.value).split(/[,/]/).map(Number);
      if (shares.every((each) => Number.isFinite(each) && each >= 0)) {
        draft.state(setting, "serve.tensor_split", shares);
      } else draft.refuse(setting, "must be numbers between commas");
    },
  },
  {
    keys: ["model-draft", "md"],
    fields: ["serve.draft_model"],
    read: (setting, draft) => {
      if (isUnset(setting, draft)) return;
      const { model } = ggufOfFile(plainText(setting.value));
      draft.state(setting, "serve.draft_model", model);
    },
  },
  countRule([COMMAND_KEYS.gpus], "parallel.gpus"),
];

/** The type of keys or of values; the other one's is llama.cpp's own. */
function cacheRule(keys: readonly string[], half: "k" | "v"): Rule {
  const path = `serve.kv_dtype.${half}`;
  return {
    keys,
    fields: [path],
    values: "as llama.cpp names them",
    read: (setting, draft) => {
      if (isUnset(setting, draft)) return;
      stateCache(setting, draft, path);
    },
  };
}

function stateCache(setting: FileSetting, draft: Draft, path: string): void {
  draft.state(setting, path, plainText(setting.value).toLowerCase());
}
