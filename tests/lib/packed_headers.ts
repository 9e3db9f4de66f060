import { assert } from "@std/assert";
import { findModel } from "../../lib/mod.ts";
import type { Config } from "../../lib/models/config.ts";
import { modelOfConfig } from "../../lib/models/build_model.ts";
import type { HeaderTensor } from "../../lib/models/headers/mod.ts";
import type { Model } from "../../lib/models/model.ts";

/** How a quantiser stores a linear layer's weight [outputs, inputs]. */
export type Store = (
  base: string,
  outputs: number,
  inputs: number,
) => HeaderTensor[];

export const tensor = (
  name: string,
  dtype: string,
  ...shape: number[]
): HeaderTensor => ({ name, dtype, shape });

const gptq = (bits: number): Store => (base, outputs, inputs) => [
  tensor(`${base}.qweight`, "I32", inputs * bits / 32, outputs),
  tensor(`${base}.qzeros`, "I32", inputs / 128, outputs * bits / 32),
  tensor(`${base}.scales`, "F16", inputs / 128, outputs),
  tensor(`${base}.g_idx`, "I32", inputs),
];

const mlx = (bits: number): Store => (base, outputs, inputs) => [
  tensor(`${base}.weight`, "U32", outputs, inputs * bits / 32),
  tensor(`${base}.scales`, "F16", outputs, inputs / 64),
  tensor(`${base}.biases`, "F16", outputs, inputs / 64),
];

const compressed = (bits: number, group: number): Store => (base, out, inp) => [
  tensor(`${base}.weight_packed`, "I32", out, inp * bits / 32),
  tensor(`${base}.weight_scale`, "BF16", out, group ? inp / group : 1),
  tensor(`${base}.weight_shape`, "I64", 2),
];

/** Layouts as the quantisers' own code writes them. */
export const STORES: Record<string, Store> = {
  "GPTQ, 4 bits": gptq(4),
  "GPTQ, 8 bits": gptq(8),
  "GPTQ, 3 bits": gptq(3),
  "GPTQ, 2 bits": gptq(2),
  "AWQ": (base, outputs, inputs) => [
    tensor(`${base}.qweight`, "I32", inputs, outputs / 8),
    tensor(`${base}.qzeros`, "I32", inputs / 128, outputs / 8),
    tensor(`${base}.scales`, "F16", inputs / 128, outputs),
  ],
  "bitsandbytes NF4, double quantisation": (base, outputs, inputs) => [
    tensor(`${base}.weight`, "U8", outputs * inputs / 2, 1),
    tensor(`${base}.weight.absmax`, "U8", outputs * inputs / 64),
    tensor(`${base}.weight.quant_map`, "F32", 16),
    tensor(`${base}.weight.nested_absmax`, "F32", outputs * inputs / 64 / 256),
    tensor(`${base}.weight.nested_quant_map`, "F32", 256),
    tensor(`${base}.weight.quant_state.bitsandbytes__nf4`, "U8", 83),
  ],
  "bitsandbytes 8 bits": (base, outputs, inputs) => [
    tensor(`${base}.weight`, "I8", outputs, inputs),
    tensor(`${base}.SCB`, "F32", outputs),
    tensor(`${base}.weight_format`, "U8"),
  ],
  "fp8 with block scales": (base, outputs, inputs) => [
    tensor(`${base}.weight`, "F8_E4M3", outputs, inputs),
    tensor(
      `${base}.weight_scale_inv`,
      "F32",
      Math.ceil(outputs / 128),
      Math.ceil(inputs / 128),
    ),
  ],
  "fp8 with a scale a tensor": (base, outputs, inputs) => [
    tensor(`${base}.weight`, "F8_E4M3", outputs, inputs),
    tensor(`${base}.weight_scale`, "F32", 1),
    tensor(`${base}.input_scale`, "F32", 1),
  ],
  "NVFP4 of ModelOpt": (base, outputs, inputs) => [
    tensor(`${base}.weight`, "U8", outputs, inputs / 2),
    tensor(`${base}.weight_scale`, "F8_E4M3", outputs, inputs / 16),
    tensor(`${base}.weight_scale_2`, "F32"),
    tensor(`${base}.input_scale`, "F32"),
  ],
  "NVFP4 of compressed-tensors": (base, outputs, inputs) => [
    tensor(`${base}.weight_packed`, "U8", outputs, inputs / 2),
    tensor(`${base}.weight_scale`, "F8_E4M3", outputs, inputs / 16),
    tensor(`${base}.weight_global_scale`, "F32", 1),
    tensor(`${base}.input_global_scale`, "F32", 1),
  ],
  "compressed-tensors int4, groups of 128": compressed(4, 128),
  "compressed-tensors int4, a scale a row": compressed(4, 0),
  "compressed-tensors int8, a scale a row": compressed(8, 0),
  "MLX, 4 bits": mlx(4),
  "MLX, 3 bits": mlx(3),
  "MLX, 6 bits": mlx(6),
  "MLX, 8 bits": mlx(8),
  "MLX, 4 and 6 bits mixed": (base, outputs, inputs) =>
    mlx(/v_proj|down_proj/.test(base) ? 6 : 4)(base, outputs, inputs),
  "HQQ, 4 bits": (base, outputs, inputs) => [
    tensor(`${base}.W_q`, "U8", outputs * inputs / 64 / 2, 64),
    tensor(`${base}.scale`, "F16", outputs * inputs / 64, 1),
    tensor(`${base}.zero`, "F16", outputs * inputs / 64, 1),
    tensor(`${base}.shape`, "I32", 2),
    tensor(`${base}.nbits`, "I32"),
    tensor(`${base}.axis`, "I32"),
    tensor(`${base}.group_size`, "I32"),
  ],
  "HQQ, 3 bits": (base, outputs, inputs) => [
    // Ten 3-bit numbers an integer: the last row is filled up.
    tensor(
      `${base}.W_q`,
      "I32",
      Math.ceil(outputs * inputs / 64 / 10),
      64,
    ),
    tensor(`${base}.scale`, "F16", outputs * inputs / 64, 1),
    tensor(`${base}.zero`, "F16", outputs * inputs / 64, 1),
  ],
};

export function knownModel(name: string): { model: Model; config: Config } {
  const config = findModel(name)?.config ?? {};
  const model = modelOfConfig(config, { name, source: "config" });
  assert(model.ok, name);
  return { model: model.value, config };
}
