import { assertEquals } from "@std/assert";
import { checkpointOf, named, piecesOf, smallLlama } from "./stored.ts";

/* What each method stores of up_proj, 1024 outputs of 512 inputs. */
const PIECES: readonly {
  name: string;
  settings: Record<string, unknown>;
  pieces: Record<string, number>;
}[] = [
  {
    name: "GPTQ",
    settings: { quant_method: "gptq", bits: 4, group_size: 128, sym: true },
    pieces: { qweight: 262_144, scales: 8192, qzeros: 2048, g_idx: 2048 },
  },
  {
    name: "GPTQ of 3 bits, a scale an output",
    settings: { quant_method: "gptq", bits: 3, group_size: -1 },
    pieces: { qweight: 196_608, scales: 2048, qzeros: 384, g_idx: 2048 },
  },
  {
    name: "AWQ",
    settings: { quant_method: "awq", w_bit: 4, q_group_size: 64 },
    pieces: { qweight: 262_144, scales: 16_384, qzeros: 4096 },
  },
  {
    name: "AutoRound",
    settings: {
      quant_method: "auto-round",
      bits: 4,
      group_size: 128,
      packing_format: "auto_round:auto_gptq",
    },
    pieces: { qweight: 262_144, scales: 8192, qzeros: 2048 },
  },
  {
    name: "compressed-tensors, packed with zeros and an order",
    settings: {
      quant_method: "compressed-tensors",
      format: "pack-quantized",
      config_groups: {
        group_0: {
          targets: ["Linear"],
          weights: {
            num_bits: 4,
            type: "int",
            strategy: "group",
            group_size: 128,
            symmetric: false,
            actorder: "group",
          },
        },
      },
    },
    pieces: {
      weight_packed: 262_144,
      weight_scale: 8192,
      weight_zero_point: 2048,
      weight_g_idx: 2048,
      weight_shape: 16,
    },
  },
  {
    name: "compressed-tensors, 8-bit integers of weights alone",
    settings: {
      quant_method: "compressed-tensors",
      format: "pack-quantized",
      config_groups: {
        group_0: {
          targets: ["Linear"],
          weights: { num_bits: 8, type: "int", strategy: "channel" },
        },
      },
    },
    pieces: { weight_packed: 524_288, weight_scale: 2048, weight_shape: 16 },
  },
  {
    name: "compressed-tensors, fp8 in blocks",
    settings: {
      quant_method: "compressed-tensors",
      format: "float-quantized",
      config_groups: {
        group_0: {
          targets: ["Linear"],
          weights: {
            num_bits: 8,
            type: "float",
            strategy: "block",
            block_structure: [128, 128],
          },
          input_activations: { num_bits: 8, type: "float", dynamic: true },
        },
      },
    },
    pieces: { weight: 524_288, weight_scale: 64 },
  },
  {
    name: "compressed-tensors, NVFP4",
    settings: {
      quant_method: "compressed-tensors",
      format: "nvfp4-pack-quantized",
      config_groups: {
        group_0: {
          targets: ["Linear"],
          weights: { num_bits: 4, type: "float", group_size: 16 },
          input_activations: { num_bits: 4, type: "float", dynamic: "local" },
        },
      },
    },
    pieces: {
      weight_packed: 262_144,
      weight_scale: 32_768,
      weight_global_scale: 4,
      input_global_scale: 4,
    },
  },
  {
    name: "fp8 in blocks that do not divide the matrix",
    settings: { quant_method: "fp8", weight_block_size: [96, 128] },
    pieces: { weight: 524_288, weight_scale_inv: 4 * 11 * 4 },
  },
  {
    name: "fp8, fixed scales of matrices and inputs",
    settings: { quant_method: "fp8", activation_scheme: "static" },
    pieces: { weight: 524_288, weight_scale: 4, input_scale: 4 },
  },
  {
    name: "fp8 of FBGEMM",
    settings: { quant_method: "fbgemm_fp8", activation_scale_ub: 1200 },
    pieces: { weight: 524_288, weight_scale: 4096 },
  },
  {
    name: "ModelOpt NVFP4",
    settings: { quant_method: "modelopt", quant_algo: "NVFP4", group_size: 16 },
    pieces: {
      weight: 262_144,
      weight_scale: 32_768,
      weight_scale_2: 4,
      input_scale: 4,
    },
  },
  {
    name: "ModelOpt fp8",
    settings: { quant_algo: "FP8", producer: { name: "modelopt" } },
    pieces: { weight: 524_288, weight_scale: 4, input_scale: 4 },
  },
  {
    name: "bitsandbytes NF4, scales quantised too",
    settings: {
      quant_method: "bitsandbytes",
      load_in_4bit: true,
      bnb_4bit_quant_type: "nf4",
      bnb_4bit_use_double_quant: true,
    },
    pieces: {
      weight: 262_144,
      absmax: 8192,
      nested_absmax: 128,
      quant_map: 64,
      nested_quant_map: 1024,
      nested_offset: 4,
    },
  },
  {
    name: "bitsandbytes LLM.int8()",
    settings: { load_in_8bit: true },
    pieces: { weight: 524_288, SCB: 4096 },
  },
  {
    name: "HQQ",
    settings: {
      quant_method: "hqq",
      quant_config: { weight_quant_params: { nbits: 4, group_size: 64 } },
    },
    pieces: { W_q: 262_144, scale: 16_384, zero: 16_384 },
  },
  {
    name: "torchao",
    settings: {
      quant_method: "torchao",
      quant_type: {
        default: { _type: "Int4WeightOnlyConfig", _data: { group_size: 128 } },
      },
    },
    pieces: { weight: 262_144, scale: 8192, zero_point: 8192 },
  },
  {
    name: "Quark MXFP4",
    settings: {
      quant_method: "quark",
      global_quant_config: {
        weight: { dtype: "fp4", qscheme: "per_group", group_size: 32 },
      },
    },
    pieces: { weight: 262_144, weight_scale: 16_384 },
  },
  {
    name: "EXL3",
    settings: { quant_method: "exl3", bits: 3.5, head_bits: 6 },
    pieces: { trellis: 229_376, suh: 1024, svh: 2048 },
  },
];

for (const { name, settings, pieces } of PIECES) {
  Deno.test(`${name}: each array of a matrix`, () => {
    const checkpoint = checkpointOf(smallLlama(settings));
    assertEquals(piecesOf(checkpoint, "mlp.up_proj.weight"), pieces);
    for (const ending of ["embed_tokens.weight", "input_layernorm.weight"]) {
      const [stored] = named(checkpoint, ending);
      assertEquals(stored?.packing, null, ending);
      assertEquals(stored?.format, "bf16", ending);
    }
  });
}
