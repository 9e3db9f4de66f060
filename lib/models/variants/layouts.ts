import type { Config } from "../config.ts";

/*
 * How quantisers' configs usually look. What each key means stands with what
 * reads them, in lib/formats/published.
 */

/** Matrices of linear attention that are too narrow for a group. */
const NARROW = [
  "linear_attn.in_proj_ba",
  "linear_attn.in_proj_a",
  "linear_attn.in_proj_b",
];

/** Vision towers, as releases call them. */
const TOWERS = ["visual", "vision_tower", "vision_model"];

/** fp8 in blocks of 128 × 128, as DeepSeek and Qwen release it. */
export const FP8_BLOCKS: Config = {
  quant_method: "fp8",
  activation_scheme: "dynamic",
  weight_block_size: [128, 128],
  modules_to_not_convert: [
    "lm_head",
    "visual",
    ...NARROW,
  ],
};

/** What llm-compressor's recipes leave as it is. */
const IGNORED = [
  "lm_head",
  ...NARROW,
  "re:.*vision_tower.*",
  "re:.*vision_model.*",
  "re:.*visual.*",
  "re:.*multi_modal_projector.*",
];

/** compressed-tensors with one group of all linear layers. */
export function compressed(
  format: string,
  weights: Readonly<Record<string, unknown>>,
  activations: Readonly<Record<string, unknown>> | null = null,
): Config {
  return {
    quant_method: "compressed-tensors",
    format,
    config_groups: {
      group_0: {
        targets: ["Linear"],
        weights: { symmetric: true, dynamic: false, ...weights },
        input_activations: activations,
      },
    },
    ignore: IGNORED,
  };
}

/** fp8 with a scale an output, its activations quantised as they come. */
export const FP8_DYNAMIC = compressed(
  "float-quantized",
  { num_bits: 8, type: "float", strategy: "channel" },
  { num_bits: 8, type: "float", strategy: "token", dynamic: true },
);

/** fp8 with a fixed scale of each matrix and of its inputs. */
export const FP8_STATIC = compressed(
  "float-quantized",
  { num_bits: 8, type: "float", strategy: "tensor" },
  { num_bits: 8, type: "float", strategy: "tensor", dynamic: false },
);

/** fp8 in blocks, as llm-compressor writes it. */
export const FP8_COMPRESSED_BLOCKS = compressed(
  "float-quantized",
  {
    num_bits: 8,
    type: "float",
    strategy: "block",
    block_structure: [128, 128],
  },
  { num_bits: 8, type: "float", strategy: "group", dynamic: true },
);

/** 8-bit integers with a scale an output, activations too. */
export const INT8_DYNAMIC = compressed(
  "int-quantized",
  { num_bits: 8, type: "int", strategy: "channel" },
  { num_bits: 8, type: "int", strategy: "token", dynamic: true },
);

/** Packed integers of weights alone. */
export function packedIntegers(
  bits: number,
  group: number | null = 128,
): Config {
  return compressed("pack-quantized", {
    num_bits: bits,
    type: "int",
    ...(group === null
      ? { strategy: "channel" }
      : { strategy: "group", group_size: group }),
  });
}

/** NVFP4 as llm-compressor writes it. */
export function compressedNvfp4(activations: boolean): Config {
  return compressed(
    "nvfp4-pack-quantized",
    { num_bits: 4, type: "float", strategy: "tensor_group", group_size: 16 },
    activations
      ? { num_bits: 4, type: "float", group_size: 16, dynamic: "local" }
      : null,
  );
}

/** Latent attention's projections into small ranks and out of them. */
const LATENT_PROJECTIONS = [
  "self_attn.q_a_proj",
  "self_attn.q_b_proj",
  "self_attn.kv_a_proj_with_mqa",
  "self_attn.kv_b_proj",
];

/** ModelOpt's export; latent attention's small projections stay as they are. */
export function modelopt(algorithm: "FP8" | "NVFP4"): Config {
  return {
    quant_method: "modelopt",
    quant_algo: algorithm,
    kv_cache_quant_algo: "FP8",
    ...(algorithm === "NVFP4" ? { group_size: 16 } : {}),
    exclude_modules: [
      "lm_head",
      "visual",
      "vision_tower",
      "linear_attn",
      "self_attn.indexer",
      ...LATENT_PROJECTIONS,
    ],
  };
}

/** AWQ in groups of 128, as AutoAWQ writes it. */
export const AWQ: Config = {
  quant_method: "awq",
  bits: 4,
  group_size: 128,
  zero_point: true,
  version: "gemm",
  modules_to_not_convert: [...TOWERS, ...NARROW],
};

/** GPTQ in groups of 128. */
export function gptq(bits: 4 | 8): Config {
  return {
    quant_method: "gptq",
    bits,
    group_size: 128,
    desc_act: false,
    sym: true,
    modules_to_not_convert: [...TOWERS, ...NARROW],
  };
}

/** AutoRound in groups of 128. */
export const AUTO_ROUND: Config = {
  quant_method: "auto-round",
  bits: 4,
  group_size: 128,
  sym: true,
  packing_format: "auto_round:auto_gptq",
};

/** NF4 with quantised scales, as Unsloth and others upload it. */
export const NF4: Config = {
  quant_method: "bitsandbytes",
  load_in_4bit: true,
  bnb_4bit_quant_type: "nf4",
  bnb_4bit_use_double_quant: true,
  llm_int8_skip_modules: [
    "lm_head",
    "visual",
    "vision_tower",
    "vision_model",
    "multi_modal_projector",
  ],
};

/** MXFP4 as AMD's Quark writes it. */
export const QUARK_MXFP4: Config = {
  quant_method: "quark",
  global_quant_config: {
    weight: { dtype: "fp4", qscheme: "per_group", group_size: 32 },
    input_tensors: { dtype: "fp4", qscheme: "per_group", is_dynamic: true },
  },
  exclude: ["lm_head", ...LATENT_PROJECTIONS],
};

/** EXL2 or EXL3 of a mean of bits. */
export function exl(method: "exl2" | "exl3", bits: number): Config {
  return { quant_method: method, bits, head_bits: 6 };
}

/** MLX's affine packing, in groups of 64. */
export function mlx(bits: number): Config {
  return { quant_method: "mlx", bits, group_size: 64 };
}

/** A GGUF file of a type. */
export function gguf(type: string): Config {
  return { quant_method: "gguf", file_type: type };
}
