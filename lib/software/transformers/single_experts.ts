/** How a checkpoint names the experts of a layer, which transformers merges. */
export interface SingleExperts {
  /** Whether the first and third matrix of an expert are w1 and w3, the second w2. */
  readonly numbered: boolean;
}

const NAMED: SingleExperts = { numbered: false };
const NUMBERED: SingleExperts = { numbered: true };

/**
 * Types whose checkpoints hold each expert by itself, which transformers 5 stacks
 * as it loads them. Those of others are published as they are used, or are not
 * known here.
 *
 * Source: huggingface/transformers 5.23.0 conversion_mapping.py, MergeModulelist
 */
const TYPES: ReadonlyMap<string, SingleExperts> = new Map([
  ...["mixtral", "minimax", "minimax_m2", "phimoe", "lfm2_moe"].map((type) =>
    [type, NUMBERED] as const
  ),
  ...[
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
    "glm4v_moe_text",
    "glm_moe_dsa",
    "hunyuan_v1_moe",
    "jamba",
    "longcat_flash",
    "mellum",
    "nemotron_h",
    "olmoe",
    "qwen2_moe",
    "qwen3_moe",
    "qwen3_next",
    "qwen3_omni_moe",
    "qwen3_omni_moe_text",
    "qwen3_omni_moe_thinker",
    "solar_open",
  ].map((type) => [type, NAMED] as const),
]);

/** How a type's checkpoints name single experts; null where they hold none. */
export function singleExperts(type: string): SingleExperts | null {
  return TYPES.get(type) ?? null;
}
