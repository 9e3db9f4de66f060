import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import {
  add,
  cast,
  join,
  multiply,
  scaled,
  slice,
  split,
} from "../../play/torch/ops/arithmetic.ts";

/** What is turned, and by how many angles. */
export interface Turned {
  readonly label: string;
  /** Positions of a sequence. */
  readonly positions: number;
  /** Features of a head, and how many of them are turned. */
  readonly width: number;
  readonly turned: number;
  /** Whether neighbours are brought apart first, as latent attention's are. */
  readonly interleaved?: boolean;
}

/**
 * Turns the first features of each head. Cosines and sines are made anew each time
 * and saved; the rest of the head, though it be empty, is joined again.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/models/common/embeddings/rope_utils.py, _apply_rotary_pos_emb_bshd
 */
export function turnedHeads(m: Machine, x: Value, how: Turned): Value {
  return m.call(() => {
    const share = how.turned / how.width;
    const part = slice(m, x, x.elements * share);
    const rest = slice(m, x, x.elements * (1 - share));
    const own = how.interleaved ? broughtApart(m, part) : part;
    const cos = tableOf(m, own, how, "cosines");
    const sin = tableOf(m, own, how, "sines");
    const kept = multiply(m, own, cos, "rotary cosine product");
    const half = rotatedHalf(m, own);
    const crossed = multiply(m, half, sin, "rotary sine product");
    m.drop(half);
    const sum = add(m, kept, crossed, "turned features");
    m.drop(kept, crossed);
    return join(m, [sum, rest], how.label);
  });
}

/**
 * The same with cosines and sines that all layers share.
 *
 * Source: deepspeedai/Megatron-DeepSpeed megatron/model/rotary_pos_embedding.py,
 * apply_rotary_pos_emb
 */
export function turnedByTables(m: Machine, x: Value, label: string): Value {
  return m.call(() => {
    const kept = scaled(m, x, "rotary cosine product");
    const half = rotatedHalf(m, x);
    const crossed = scaled(m, half, "rotary sine product");
    return add(m, kept, crossed, label);
  });
}

/** (cos(freqs) * mscale).to(dtype) of the table that the rank keeps. */
function tableOf(
  m: Machine,
  { dtype }: Value,
  { positions, turned: width }: Turned,
  name: string,
): Value {
  return m.call(() => {
    const wide = m.create(positions * width, "fp32", name);
    const product = m.create(positions * width, "fp32", name);
    m.drop(wide);
    return cast(m, product, dtype, name);
  });
}

/** cat((-x2, x1)). */
function rotatedHalf(m: Machine, x: Value): Value {
  return m.call(() => {
    const [first, second] = split(m, x, [
      x.elements / 2,
      x.elements / 2,
    ]) as [Value, Value];
    const negative = scaled(m, second, "negated half");
    return join(m, [negative, first], "rotated half");
  });
}

/** cat((x[..., 0::2], x[..., 1::2])). */
function broughtApart(m: Machine, x: Value): Value {
  const [even, odd] = [
    slice(m, x, x.elements / 2),
    slice(m, x, x.elements / 2),
  ];
  return join(m, [even, odd], "features brought apart");
}
