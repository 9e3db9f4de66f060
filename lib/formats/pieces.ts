import type { StoredMatrices } from "./matrices.ts";
import type { StoredPiece } from "./stored_model.ts";
import type { PackingLayout, WeightPacking } from "./weight_packing.ts";

/** An array of a packed matrix: its name, elements, their bytes and type. */
type Piece = readonly [
  name: string,
  elements: number,
  width: number,
  dtype: string,
];

/** One matrix, and how it is packed. */
interface Packed extends WeightPacking {
  readonly outputs: number;
  readonly inputs: number;
  readonly elements: number;
  /** Groups of inputs: 1 where all share a scale. */
  readonly groups: number;
}

/** The arrays that packed matrices are stored as, bytes of all of them together. */
export function piecesOf(
  packing: WeightPacking,
  { count, outputs, inputs }: StoredMatrices,
): StoredPiece[] {
  const { scales, group } = packing;
  const layout = LAYOUTS[packing.layout];
  return layout({
    ...packing,
    outputs,
    inputs,
    elements: outputs * inputs,
    groups: scales === "group" && group !== null
      ? Math.ceil(inputs / group)
      : 1,
  }).map(([name, elements, width, dtype]) => ({
    name,
    bytes: count * Math.ceil(elements * width),
    dtype,
  }));
}

/** Words of 32 bits that hold so many codes. */
function words(codes: number, bits: number): number {
  return Math.ceil(codes * bits / 32);
}

/** Numbers of scales. */
function scaleCount(
  { scales, groups, outputs, inputs, block }: Packed,
): number {
  if (scales === "tensor") return 1;
  if (scales !== "block") return groups * outputs;
  const [rows, columns] = block ?? [1, 1];
  return Math.ceil(outputs / rows) * Math.ceil(inputs / columns);
}

/**
 * Each layout's arrays; the codes stand first.
 *
 * Sources: ModelCloud/GPTQModel nn_modules/qlinear/__init__.py;
 * casper-hansen/AutoAWQ awq/modules/linear/gemm.py; vllm-project/compressed-tensors
 * compressors/…/pack_quantized.py, base.py and nvfp4_quantized.py;
 * deepseek-ai/DeepSeek-V3 README_WEIGHTS.md; huggingface/transformers
 * integrations/mxfp4.py, finegrained_fp8.py and fbgemm_fp8.py; NVIDIA
 * Model-Optimizer export/quant_utils.py; bitsandbytes functional.py, QuantState;
 * mobiusml/hqq core/quantize.py; pytorch/ao dtypes; AMD Quark export;
 * turboderp-org/exllamav2 doc/convert.md; exllamav3 doc/exl3.md.
 */
const LAYOUTS: Readonly<
  Record<PackingLayout, (matrix: Packed) => readonly Piece[]>
> = {
  "gptq": ({ bits, outputs, inputs, groups, ordered }) => [
    ["qweight", words(inputs, bits) * outputs, 4, "I32"],
    ["scales", groups * outputs, 2, "F16"],
    ["qzeros", groups * words(outputs, bits), 4, "I32"],
    ...(ordered ? [["g_idx", inputs, 4, "I32"] as const] : []),
  ],
  "awq": ({ bits, outputs, inputs, groups }) => [
    ["qweight", inputs * words(outputs, bits), 4, "I32"],
    ["scales", groups * outputs, 2, "F16"],
    ["qzeros", groups * words(outputs, bits), 4, "I32"],
  ],
  "compressed-tensors": compressed,
  "fp8": (matrix) => [
    ["weight", matrix.elements, 1, "F8_E4M3"],
    matrix.scales === "block"
      ? [
        "weight_scale_inv",
        scaleCount(matrix),
        matrix.exponents ? 1 : 4,
        matrix.exponents ? "F8_E8M0" : "F32",
      ]
      : ["weight_scale", scaleCount(matrix), 4, "F32"],
    ...(matrix.activations?.dynamic === false
      ? [["input_scale", 1, 4, "F32"] as const]
      : []),
  ],
  "fbgemm": ({ elements, outputs }) => [
    ["weight", elements, 1, "F8_E4M3"],
    ["weight_scale", outputs, 4, "F32"],
  ],
  "mxfp4": ({ elements, outputs, groups }) => [
    ["blocks", elements, 1 / 2, "U8"],
    ["scales", groups * outputs, 1, "U8"],
  ],
  "modelopt": modelopt,
  "bitsandbytes": bitsandbytes,
  "hqq": ({ bits, elements, outputs, groups }) => [
    ["W_q", elements, bits / 8, "U8"],
    ["scale", groups * outputs, 2, "F16"],
    ["zero", groups * outputs, 2, "F16"],
  ],
  "mlx": ({ bits, outputs, inputs, groups }) => [
    ["weight", outputs * words(inputs, bits), 4, "U32"],
    ["scales", groups * outputs, 2, "BF16"],
    ["biases", groups * outputs, 2, "BF16"],
  ],
  "torchao": (matrix) => [
    [
      "weight",
      matrix.elements,
      matrix.bits / 8,
      matrix.kind === "float" ? "F8_E4M3" : "I8",
    ],
    ["scale", scaleCount(matrix), matrix.kind === "float" ? 4 : 2, "BF16"],
    ...(matrix.symmetric
      ? []
      : [["zero_point", scaleCount(matrix), 2, "BF16"] as const]),
  ],
  "quark": (matrix) => [
    [
      "weight",
      matrix.elements,
      matrix.bits / 8,
      matrix.bits < 8 ? "U8" : matrix.kind === "float" ? "F8_E4M3" : "I8",
    ],
    // MX scales are exponents of 8 bits.
    matrix.kind === "float" && matrix.bits < 8
      ? ["weight_scale", scaleCount(matrix), 1, "U8"]
      : ["weight_scale", scaleCount(matrix), 4, "F32"],
    ...(matrix.activations?.dynamic === false
      ? [["input_scale", 1, 4, "F32"] as const]
      : []),
  ],
  "exl2": ({ elements, bits }) => [["q_weight", elements, bits / 8, "I32"]],
  "exl3": ({ elements, bits, outputs, inputs }) => [
    ["trellis", elements, bits / 8, "I16"],
    ["suh", inputs, 2, "F16"],
    ["svh", outputs, 2, "F16"],
  ],
};

function compressed(matrix: Packed): readonly Piece[] {
  const { kind, bits, elements, outputs, inputs, groups } = matrix;
  const { symmetric, reordered, activations } = matrix;
  if (kind === "float" && bits === 4) {
    const micro = matrix.group === 32;
    return [
      ["weight_packed", elements, 1 / 2, "U8"],
      ["weight_scale", scaleCount(matrix), 1, micro ? "U8" : "F8_E4M3"],
      ...(micro ? [] : [["weight_global_scale", 1, 4, "F32"] as const]),
      ...(micro || activations === null
        ? []
        : [["input_global_scale", 1, 4, "F32"] as const]),
    ];
  }
  if (bits === 8 && activations !== null || kind === "float") {
    return [
      ["weight", elements, 1, kind === "float" ? "F8_E4M3" : "I8"],
      // MXFP8's scales are exponents of 8 bits.
      matrix.group === 32
        ? ["weight_scale", scaleCount(matrix), 1, "U8"]
        : ["weight_scale", scaleCount(matrix), 2, "BF16"],
      ...(symmetric
        ? []
        : [["weight_zero_point", scaleCount(matrix), 1, "I8"] as const]),
      ...(activations?.dynamic === false
        ? [["input_scale", 1, 2, "BF16"] as const]
        : []),
    ];
  }
  return [
    ["weight_packed", words(inputs, bits) * outputs, 4, "I32"],
    ["weight_scale", scaleCount(matrix), 2, "BF16"],
    ...(symmetric ? [] : [
      ["weight_zero_point", words(outputs, bits) * groups, 4, "I32"] as const,
    ]),
    ...(reordered ? [["weight_g_idx", inputs, 4, "I32"] as const] : []),
    ["weight_shape", 2, 8, "I64"],
  ];
}

function modelopt(matrix: Packed): readonly Piece[] {
  const { kind, bits, elements, inputs, activations } = matrix;
  const input = activations === null
    ? []
    : [["input_scale", 1, 4, "F32"] as const];
  if (kind === "int") {
    return [
      ["weight", elements, bits / 8, "U8"],
      ["weight_scale", scaleCount(matrix), 2, "BF16"],
      ["pre_quant_scale", inputs, 2, "BF16"],
      ...input,
    ];
  }
  if (bits === 4) {
    return [
      ["weight", elements, 1 / 2, "U8"],
      ["weight_scale", scaleCount(matrix), 1, "F8_E4M3"],
      ["weight_scale_2", 1, 4, "F32"],
      ...input,
    ];
  }
  // MXFP8's scales are exponents of 8 bits, a group of 32 inputs each.
  return [
    ["weight", elements, 1, "F8_E4M3"],
    matrix.scales === "group"
      ? ["weight_scale", scaleCount(matrix), 1, "U8"]
      : ["weight_scale", scaleCount(matrix), 4, "F32"],
    ...(activations?.dynamic === false ? input : []),
  ];
}

/** Elements of a block of bitsandbytes' 4-bit types, and of blocks of its scales. */
const NF4_BLOCK = 64;
const NF4_OUTER_BLOCK = 256;

function bitsandbytes(
  { bits, elements, outputs, nested }: Packed,
): readonly Piece[] {
  if (bits === 8) {
    return [["weight", elements, 1, "I8"], ["SCB", outputs, 4, "F32"]];
  }
  const blocks = Math.ceil(elements / NF4_BLOCK);
  const codes = ["weight", elements, 1 / 2, "U8"] as const;
  return nested
    ? [
      codes,
      ["absmax", blocks, 1, "U8"],
      ["nested_absmax", Math.ceil(blocks / NF4_OUTER_BLOCK), 4, "F32"],
      ["quant_map", 16, 4, "F32"],
      ["nested_quant_map", 256, 4, "F32"],
      ["nested_offset", 1, 4, "F32"],
    ]
    : [codes, ["absmax", blocks, 4, "F32"], ["quant_map", 16, 4, "F32"]];
}
