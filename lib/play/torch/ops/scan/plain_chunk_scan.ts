import type { Machine } from "../../machine.ts";
import type { Parameter, Value } from "../../values.ts";
import {
  add,
  cast,
  copied,
  join,
  multiply,
  savingInput,
  savingOutput,
  scaled,
  slice,
} from "../arithmetic.ts";
import {
  decaysBetween,
  matrixProduct,
  padded,
  repeatedFor,
  segmentDecays,
} from "./chunk_operations.ts";
import { underAutocast } from "../linear.ts";
import type { ChunkScan } from "./chunks.ts";

/** What a scan by PyTorch's own operations reads. */
export interface PlainChunkInputs {
  /** [rows × heads × width] */
  readonly x: Value;
  /** [rows × groups × state] */
  readonly b: Value;
  readonly c: Value;
  /** [rows × heads] */
  readonly steps: Value;
  /** A of each head, in fp32. */
  readonly a: Value;
  readonly d: Parameter;
  readonly dtBias: Parameter;
}

/**
 * A chunked scan of Mamba's second version by PyTorch's own operations, in fp32,
 * with B and C repeated for every head.
 *
 * Source: huggingface/transformers 5.24.0 models/falcon_h1/modeling_falcon_h1.py,
 * mamba2_chunk_scan, which models of Mamba-2 share; pytorch
 * aten/src/ATen/native/Linear.cpp, einsum, which lays its operands out
 *
 * @returns [rows × heads × width] in fp32.
 */
export function plainChunkScan(
  m: Machine,
  given: PlainChunkInputs,
  scan: ChunkScan,
): Value {
  const { batch, sequence, heads, width, groups, state, chunk } = scan;
  const chunks = Math.ceil(sequence / chunk);
  const gates = batch * chunks * chunk * heads;
  const [long, wide, products] = [gates * width, gates * state, gates * chunk];
  const one = batch * heads * width * state;
  const alone = (x: Value, make: (x: Value) => Value) => {
    const out = make(x);
    m.drop(x);
    return out;
  };
  return m.call(() => {
    const steps = stepsOf(m, given);
    const inner = cast(m, given.x, "fp32", "scan input in fp32");
    const [b0, c0] = [given.b, given.c].map((each) =>
      alone(
        cast(m, each, "fp32", "B or C in fp32"),
        (own) => repeatedFor(m, own, heads / groups, "B or C of each head"),
      )
    ) as [Value, Value];
    const residual = alone(
      padded(m, inner, long, "scan input, padded"),
      (own) => multiply(m, m.parameter(given.d), own, "D's share"),
    );
    const first = cast(m, steps, "fp32", "time steps in fp32");
    const weighed = multiply(m, inner, first, "scan input by time steps");
    m.drop(inner, first);
    const second = cast(m, steps, "fp32", "time steps in fp32");
    const decays = multiply(m, given.a, second, "decays");
    m.drop(second);
    const [x, a, b, c] = ([
      [weighed, long],
      [decays, gates],
      [b0, wide],
      [c0, wide],
    ] as const).map(([each, elements]) =>
      padded(m, each, elements, "scan input by chunks")
    ) as [Value, Value, Value, Value];
    m.drop(weighed, decays, b0, c0);
    const sums = scaled(m, a, "sums of decay");
    const within = segmentDecays(m, a, products);
    /** A product of two tensors that einsum lays out first. */
    const einsum = (
      left: Value,
      right: Value,
      elements: number,
      label: string,
      isLaid = false,
    ) => {
      const [first, second] = [left, right].map((side) =>
        underAutocast(m, side, `side of ${label}`)
      ) as [Value, Value];
      const own = isLaid ? m.view(first) : copied(m, first, `${label}: left`);
      const other = copied(m, second, `${label}: right`);
      const out = matrixProduct(m, own, other, elements, label);
      m.drop(own, other, first, second);
      return out;
    };
    const scores = einsum(c, b, products, "products of C and B");
    const seen = multiply(m, scores, within, "decayed products");
    const near = einsum(seen, x, long, "output within chunks", true);
    const rest = alone(
      add(m, sums, sums, "decays to a chunk's end"),
      (own) => savingOutput(m, own, "decays to a chunk's end"),
    );
    const fading = multiply(m, b, rest, "decayed B");
    const ends = einsum(x, fading, chunks * one, "states of each chunk");
    const start = m.create(one, "fp32", "state before the first chunk");
    const all = join(m, [start, ends], "states of all chunks");
    m.drop(ends);
    const between = decaysBetween(
      m,
      sums,
      batch * heads * (chunks + 1) ** 2,
    );
    const passed = einsum(
      between,
      all,
      (chunks + 1) * one,
      "states passed on",
      true,
    );
    m.drop(all);
    const before = slice(m, passed, chunks * one);
    const grown = savingOutput(m, sums, "decays from a chunk's start");
    const read = einsum(c, before, long, "output of states");
    const far = multiply(m, read, grown, "decayed output of states");
    const both = alone(
      add(m, near, far, "output of all chunks"),
      (own) => copied(m, own, "output of all chunks, laid out"),
    );
    const out = add(m, both, residual, "scan output");
    m.drop(both);
    return gates === batch * sequence * heads
      ? out
      : slice(m, out, given.x.elements);
  });
}

/** Time steps with their bias, made positive, and cut off. */
function stepsOf(m: Machine, { steps, dtBias }: PlainChunkInputs): Value {
  return m.call(() => {
    const bias = cast(m, m.parameter(dtBias), steps.dtype, "dt bias");
    const sum = add(m, steps, bias, "time steps with their bias");
    const positive = savingInput(m, sum, "softplus of time steps");
    m.drop(sum);
    return savingInput(m, positive, "time steps, cut off");
  });
}
