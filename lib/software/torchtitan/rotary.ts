import type { Kernels } from "../../play/torch/kernels.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import { cast, scaled } from "../../play/torch/ops/arithmetic.ts";
import { fusedRotation } from "../../play/torch/ops/rotary.ts";

/**
 * Turns queries and keys as complex numbers in fp32. The product saves the table
 * alone; the function's variables hold all that it makes until its end.
 *
 * Source: pytorch/torchtitan 0.1.0 torchtitan/models/llama3/model.py,
 * apply_rotary_emb
 */
export function complexTurned(
  m: Machine,
  heads: readonly [Value, Value],
  kernels: Kernels,
): [Value, Value] {
  const label = "turned heads";
  if (kernels === "compile") {
    const [q, k] = heads;
    return [
      fusedRotation(m, q, label, kernels),
      fusedRotation(m, k, label, kernels),
    ];
  }
  const wide = heads.map((x) => cast(m, x, "fp32", "heads in fp32"));
  const turned = wide.map((x) => scaled(m, x, "turned heads in fp32"));
  const given = turned.map((x, at) =>
    cast(m, x, heads[at]?.dtype ?? x.dtype, label)
  );
  m.drop(...wide, ...turned);
  return given as [Value, Value];
}
