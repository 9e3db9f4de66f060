import type { Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import {
  countRule,
  dtypeRule,
  isUnset,
  namedRule,
  programRule,
  schemeRule,
  servedModel,
  shareRule,
  stateReplicas,
  switchRule,
  visibleRule,
} from "../reading/serving/rules.ts";
import { readCount, readSwitch } from "../reading/values.ts";

/** The type of the cache by vLLM's names. */
const CACHE_TYPES = {
  auto: null,
  bfloat16: "bf16",
  float16: "fp16",
  fp8: "fp8",
  fp8_e4m3: "fp8",
  fp8_e5m2: "fp8",
  "fp8_inc": "fp8",
};

/** vLLM's flags that fields of a Scenario say. */
export const VLLM_RULES: readonly Rule[] = [
  programRule,
  servedModel(["model", "model-id"]),
  switchRule(["offline"], "serve.offline", true),
  schemeRule(["quantization", "q"]),
  dtypeRule(["dtype"]),
  countRule(["tensor-parallel-size", "tp"], "parallel.tp"),
  countRule(["pipeline-parallel-size", "pp"], "parallel.pp"),
  {
    keys: ["data-parallel-size", "dp"],
    fields: ["parallel.gpus"],
    values: "× tensor × pipeline parallelism",
    read: (setting, draft, all) => {
      if (!isUnset(setting, draft)) {
        stateReplicas(
          setting,
          draft,
          sizeOf(all.get("tensor-parallel-size") ?? all.get("tp")) *
            sizeOf(all.get("pipeline-parallel-size") ?? all.get("pp")),
        );
      }
    },
  },
  {
    keys: ["enable-expert-parallel"],
    fields: ["parallel.ep"],
    values: "given → tensor × data parallelism",
    read: (setting, draft, all) => {
      const on = readSwitch(setting.value);
      if (on === null) draft.refuse(setting, "must be true or false");
      else if (!on) draft.leave(setting, "switched off");
      else {
        draft.state(
          setting,
          "parallel.ep",
          sizeOf(all.get("tensor-parallel-size") ?? all.get("tp")) *
            sizeOf(all.get("data-parallel-size") ?? all.get("dp")),
        );
      }
    },
  },
  visibleRule,
  shareRule(["gpu-memory-utilization"], "serve.memory_utilization"),
  countRule(["max-model-len"], "serve.max_model_len"),
  countRule(["max-num-seqs"], "serve.max_sequences"),
  countRule(["max-num-batched-tokens"], "serve.max_batched_tokens"),
  namedRule(["kv-cache-dtype"], "serve.kv_dtype", CACHE_TYPES),
  countRule(["block-size"], "serve.block_size"),
  countRule(["kv-cache-memory-bytes"], "serve.kv_cache_bytes"),
  switchRule(["enforce-eager"], "serve.enforce_eager", true, false),
  switchRule(["no-enforce-eager"], "serve.enforce_eager", false),
  switchRule(["enable-prefix-caching"], "serve.prefix_caching", true, false),
  switchRule(["no-enable-prefix-caching"], "serve.prefix_caching", false, true),
  switchRule(
    ["disable-hybrid-kv-cache-manager"],
    "serve.hybrid_kv_cache",
    false,
    true,
  ),
  switchRule(
    ["no-disable-hybrid-kv-cache-manager"],
    "serve.hybrid_kv_cache",
    true,
  ),
  {
    keys: ["enable-lora"],
    fields: ["serve.max_loras"],
    values: "given → 1, unless max-loras says how many",
    read: (setting, draft, all) => {
      const on = readSwitch(setting.value);
      if (on === null) draft.refuse(setting, "must be true or false");
      else if (!on) draft.leave(setting, "switched off");
      else if (all.has("max-loras")) {
        draft.leave(setting, "max-loras says how many");
      } else draft.state(setting, "serve.max_loras", 1);
    },
  },
  countRule(["max-loras"], "serve.max_loras"),
  countRule(["max-lora-rank"], "serve.max_lora_rank"),
  {
    keys: ["speculative-config"],
    fields: ["serve.draft_model"],
    values: "its model",
    read: (setting, draft) => {
      const model = draftIn(plainText(setting.value));
      if (model !== null) draft.state(setting, "serve.draft_model", model);
      else {
        draft.leave(
          setting,
          "names no model of its own: what speculates within the model has no field",
          true,
        );
      }
    },
  },
];

function draftIn(text: string): string | null {
  try {
    const { model } = Object(JSON.parse(text));
    return typeof model === "string" && model !== "" ? model : null;
  } catch {
    return null;
  }
}

function sizeOf(value: unknown): number {
  return readCount(value) ?? 1;
}
