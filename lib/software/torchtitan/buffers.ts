import type { Architecture } from "../../models/architecture.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Scenario } from "../../scenario/schema.ts";

/**
 * Bytes of the table of complex turns, one for each position of a sequence and
 * each pair of a head's features.
 *
 * Source: pytorch/torchtitan 0.1.0 torchtitan/models/llama3/model.py,
 * precompute_freqs_cis
 */
export function turnTableBytes(
  { head_dim }: Pick<Architecture, "head_dim">,
  { train }: Scenario,
): number {
  const complex = 2 * DTYPE_BYTES.fp32;
  return roundedBytes(train.sequence_length * head_dim / 2 * complex);
}

/**
 * Bytes of a layer's buffers in a model of experts: cosines and sines of every
 * position, and two numbers for each expert.
 *
 * Source: pytorch/torchtitan 0.3.0 torchtitan/models/common/rope.py, CosSinRoPE;
 * moe.py, MoE
 */
export function turnRowsBytes(
  { head_dim, experts }: Pick<Architecture, "head_dim" | "experts">,
  { train }: Scenario,
): number {
  const rows = 2 * train.sequence_length * head_dim * DTYPE_BYTES.fp32;
  return roundedBytes(rows) + 2 * roundedBytes(experts * DTYPE_BYTES.fp32);
}
