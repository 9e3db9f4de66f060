import type { Model } from "../../models/model.ts";
import type { StateCache } from "../../models/families/code/cache.ts";
import type { ServingGpu } from "../engine.ts";
import { languageConfigOf, typesOf } from "../language_config.ts";
import { capabilityOf } from "./capability.ts";

const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  bfloat16: 2,
  float16: 2,
};

/**
 * Bytes of an element of the state that runs along: as wide as the model unless its
 * config says otherwise; Nemotron-H's and Kimi's are fp32 where it is silent.
 *
 * Source: vllm-project/vllm 0.33 model_executor/models/config.py
 * (NemotronHForCausalLMConfig, Qwen3_5ForConditionalGenerationConfig),
 * model_executor/layers/mamba/mamba_utils.py, kda_state_dtype
 */
export function runningStateBytes(model: Model, usual: number): number {
  const text = languageConfigOf(model);
  const types = typesOf(model);
  const has = (start: string) => types.some((type) => type.startsWith(start));
  if (has("qwen3_5")) return BYTES[String(text["mamba_ssm_dtype"])] ?? usual;
  if (has("nemotron_h")) {
    return BYTES[String(text["mamba_ssm_cache_dtype"])] ?? 4;
  }
  return has("kimi_linear") ? 4 : usual;
}

/** Tokens that FlashInfer's chunked delta rule lets states be taken out at. */
const DELTA_CHECKPOINT = 64;

/** How states are kept at the ends of blocks, so that prefixes can be shared. */
export interface StateCheckpoints {
  /** Blocks beside those that run along. */
  readonly blocks: number;
  /** What blocks have to be multiples of. */
  readonly alignment: number;
}

/**
 * Checkpoints of a mixer's states within a prefill, when prefixes are cached:
 * Mamba-2's can be taken anywhere; the delta rule's where FlashInfer computes it.
 *
 * Source: vllm-project/vllm 0.33 model_executor/layers/mamba/mamba_mixer2.py and
 * gdn/qwen_gdn_linear_attn.py, get_kv_cache_spec, _resolve_gdn_prefill_backend
 */
export function checkpointsOf(
  model: Model,
  { of, state }: StateCache,
  gpu: ServingGpu,
): StateCheckpoints {
  const none = { blocks: 0, alignment: 1 };
  if (of === "mamba 2") return { blocks: 1, alignment: 1 };
  const isQwens = typesOf(model).some((type) => type.startsWith("qwen3"));
  if (of !== "gated delta" || !isQwens) return none;
  const { major } = capabilityOf(gpu);
  const [, keyWidth] = state ?? [];
  const isFlashInfers = major === 9 ||
    ((major === 10 || major === 12) && keyWidth === 128);
  return isFlashInfers ? { blocks: 1, alignment: DELTA_CHECKPOINT } : none;
}
