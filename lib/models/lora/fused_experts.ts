/** Old names of a mixture of experts: the linears that transformers 4 had. */
const MIXTRAL = {
  gate: "gate.weight",
  w1: "gate_up_proj",
  w3: "gate_up_proj",
  w2: "down_proj",
} as const;

/** Most mixtures. */
const GATED = {
  gate: "gate.weight",
  gate_proj: "gate_up_proj",
  up_proj: "gate_up_proj",
  down_proj: "down_proj",
} as const;

const LIKE_MIXTRAL = ["minimax", "minimax_m2", "mixtral"];

const LIKE_GATED = [
  "afmoe",
  "cohere2_moe",
  "deepseek_v2",
  "deepseek_v3",
  "deepseek_v32",
  "dots1",
  "ernie4_5_moe",
  "exaone_moe",
  "flex_olmo",
  "glm4_moe",
  "glm4_moe_lite",
  "glm4v_moe",
  "glm_moe_dsa",
  "hunyuan_v1_moe",
  "longcat_flash",
  "mellum",
  "olmoe",
  "qwen3_moe",
  "qwen3_next",
  "qwen3_omni_moe",
  "qwen3_omni_moe_text",
  "qwen3_omni_moe_thinker",
  "solar_open",
];

/** By a linear's old name, the parameter that holds it now. */
export type OldNames = Readonly<Record<string, string>>;

/**
 * The old names that PEFT takes for the fused experts of a model type, or null
 * where it takes none.
 *
 * Source: PEFT 0.21.2, peft/utils/transformers_weight_conversion.py,
 * _MOE_TARGET_MODULE_MAPPING; transformers 5.23.0, conversion_mapping.py,
 * _MODEL_TO_CONVERSION_PATTERN for the model types.
 */
export function oldNamesOf(modelType: string): OldNames | null {
  if (LIKE_MIXTRAL.includes(modelType)) return MIXTRAL;
  return LIKE_GATED.includes(modelType) ? GATED : null;
}
