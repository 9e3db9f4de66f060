import type { Config } from "../../models/config.ts";
import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";

/** How vLLM stores keys and values. */
export interface CacheDtype {
  /** As vLLM calls it. */
  readonly name: string;
  /** Bytes of an element; null for the model's own. */
  readonly bytes: number | null;
  /** Bytes of the scales of a head's key and value. */
  readonly scales: number;
  readonly isQuantized: boolean;
}

const OWN: CacheDtype = {
  name: "auto",
  bytes: null,
  scales: 0,
  isQuantized: false,
};

/**
 * vLLM's types by the Scenario's names; 8-bit integers have a scale in fp32 for each
 * head of a token.
 *
 * Source: vllm-project/vllm 0.33 config/cache.py, CacheDType;
 * v1/attention/backends/triton_attn.py, customize_spec
 */
const DTYPES: Readonly<Record<string, CacheDtype>> = {
  auto: OWN,
  bf16: { name: "bfloat16", bytes: 2, scales: 0, isQuantized: false },
  fp16: { name: "float16", bytes: 2, scales: 0, isQuantized: false },
  fp8: { name: "fp8", bytes: 1, scales: 0, isQuantized: true },
  int8: { name: "int8_per_token_head", bytes: 1, scales: 8, isQuantized: true },
};

/** @returns The type, or the names of those that vLLM has. */
export function cacheDtypeOf(
  { serve }: Pick<Scenario, "serve">,
  model: Model,
): CacheDtype | readonly string[] {
  const { kv_dtype } = serve;
  const found = typeof kv_dtype === "string" ? DTYPES[kv_dtype] : undefined;
  if (!found) return Object.keys(DTYPES);
  return found === OWN && publishesFp8(model) ? DTYPES["fp8"] ?? OWN : found;
}

/**
 * Whether a checkpoint says that its cache is in fp8.
 *
 * Source: vllm-project/vllm 0.33 utils/torch_utils.py,
 * get_kv_cache_quant_algo_string; model_executor/layers/attention/attention.py
 */
function publishesFp8({ config }: Model): boolean {
  const quantization = config?.["quantization_config"];
  if (!isRecord(quantization)) return false;
  const inner = quantization["quantization"];
  return [quantization, ...(isRecord(inner) ? [inner] : [])].some((said) => {
    const scheme = said["kv_cache_scheme"];
    return String(said["kv_cache_quant_algo"]).toUpperCase() === "FP8" ||
      (isRecord(scheme) && scheme["num_bits"] === 8 &&
        scheme["type"] === "float");
  });
}

function isRecord(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
