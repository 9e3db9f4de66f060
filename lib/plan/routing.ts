/** How a type's code scores its experts for each row. */
export interface Routing {
  /** Whether rows and the router's matrix are multiplied in fp32. */
  readonly wide: boolean;
  /** Whether scores are sigmoids, of which the chosen ones are divided by their sum. */
  readonly sigmoid: boolean;
  /** Whether the softmax is of the chosen scores alone, in their own type. */
  readonly late: boolean;
  /** Whether every expert has a weight, sigmoids of the chosen scores: Llama 4. */
  readonly every: boolean;
  /** Whether the chosen weights go back from fp32 to the type of the scores. */
  readonly narrow: boolean;
}

/** Types that multiply `hidden_states.type(torch.float32)`. */
const WIDE = new Set([
  "deepseek_v2",
  "deepseek_v3",
  "deepseek_v32",
  "dots1",
  "ernie4_5_moe",
  "exaone_moe",
  "glm4_moe",
  "glm4_moe_lite",
  "glm4v_moe",
  "glm_moe_dsa",
  "hy_v3",
  "kimi_linear",
  "longcat_flash",
  "mimo_v2_flash",
  "nemotron_h",
  "solar_open",
]);

const SIGMOID = new Set([
  "deepseek_v3",
  "deepseek_v32",
  "dots1",
  "exaone_moe",
  "glm4_moe",
  "glm4_moe_lite",
  "glm4v_moe",
  "glm_moe_dsa",
  "kimi_linear",
  "mimo_v2_flash",
  "minimax_m2",
  "nemotron_h",
  "solar_open",
]);

const NARROW = new Set([
  "cohere2_moe",
  "ernie4_5_moe",
  "ernie4_5_vl_moe",
  "flex_olmo",
  "laguna",
  "longcat_flash",
  "mellum",
  "olmoe",
  "qwen2_moe",
  "qwen3_5_moe",
  "qwen3_5_moe_text",
  "qwen3_moe",
  "qwen3_next",
  "qwen3_omni_moe",
  "qwen3_omni_moe_text",
  "qwen3_vl_moe",
  "qwen3_vl_moe_text",
]);

/**
 * The routing of a model type.
 *
 * Source: huggingface/transformers models/…/modeling_….py, …TopkRouter.forward
 */
export function routingOf(type: string): Routing {
  return {
    wide: WIDE.has(type),
    sigmoid: SIGMOID.has(type),
    late: type === "gpt_oss",
    every: type.startsWith("llama4"),
    narrow: NARROW.has(type),
  };
}
