import type { FileSettings, Rule } from "../reading/format.ts";
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

const TP = ["tp-size", "tensor-parallel-size", "tp"];
const PP = ["pp-size", "pipeline-parallel-size", "pp"];

/** The type of the cache by SGLang's names. */
const CACHE_TYPES = {
  auto: null,
  bf16: "bf16",
  bfloat16: "bf16",
  float16: "fp16",
  fp8_e4m3: "fp8",
  fp8_e5m2: "fp8",
};

/** SGLang's flags that fields of a Scenario say. */
export const SGLANG_RULES: readonly Rule[] = [
  programRule,
  servedModel(["model-path", "model"]),
  schemeRule(["quantization"]),
  dtypeRule(["dtype"]),
  countRule(TP, "parallel.tp"),
  countRule(PP, "parallel.pp"),
  countRule(["ep-size", "expert-parallel-size", "ep"], "parallel.ep"),
  {
    keys: ["dp-size", "data-parallel-size", "dp"],
    fields: ["parallel.gpus"],
    values: "× tensor × pipeline parallelism",
    read: (setting, draft, all) => {
      if (isUnset(setting, draft)) return;
      if (readSwitch(all.get("enable-dp-attention") ?? false)) {
        draft.leave(
          setting,
          "attention of ranks that are data-parallel among themselves has no field",
          true,
        );
      } else stateReplicas(setting, draft, sizeOf(all, TP) * sizeOf(all, PP));
    },
  },
  visibleRule,
  shareRule(["mem-fraction-static"], "serve.memory_utilization"),
  countRule(["context-length"], "serve.max_model_len"),
  countRule(["max-running-requests"], "serve.max_sequences"),
  countRule(["max-total-tokens"], "serve.cache_tokens"),
  {
    keys: ["chunked-prefill-size"],
    fields: ["serve.chunked_prefill_tokens"],
    values: "-1 → none, which has no field",
    read: (setting, draft, all) => {
      if (plainText(setting.value).trim() === "-1") {
        draft.leave(setting, "prefills of a whole prompt have no field", true);
      } else CHUNK.read(setting, draft, all);
    },
  },
  namedRule(["kv-cache-dtype"], "serve.kv_dtype", CACHE_TYPES),
  countRule(["page-size"], "serve.block_size"),
  switchRule(["disable-cuda-graph"], "serve.enforce_eager", true, false),
  switchRule(["disable-radix-cache"], "serve.prefix_caching", false, true),
  shareRule(["swa-full-tokens-ratio"], "serve.swa_full_tokens_ratio"),
  countRule(["max-loras-per-batch"], "serve.max_loras"),
  countRule(["max-lora-rank"], "serve.max_lora_rank"),
  {
    keys: ["speculative-draft-model-path", "speculative-draft-model"],
    fields: ["serve.draft_model"],
    read: (setting, draft) => {
      if (isUnset(setting, draft)) return;
      draft.state(setting, "serve.draft_model", plainText(setting.value));
    },
  },
];

const CHUNK = countRule(
  ["chunked-prefill-size"],
  "serve.chunked_prefill_tokens",
);

function sizeOf(all: FileSettings, keys: readonly string[]): number {
  const key = keys.find((each) => all.has(each));
  return (key === undefined ? null : readCount(all.get(key))) ?? 1;
}
