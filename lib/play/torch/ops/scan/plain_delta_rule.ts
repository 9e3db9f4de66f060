import type { Machine } from "../../machine.ts";
import type { Value } from "../../values.ts";
import {
  add,
  cast,
  copied,
  multiply,
  savingOutput,
  scaled,
  slice,
} from "../arithmetic.ts";
import {
  matrixProduct,
  padded,
  pairwiseDecays,
  repeatedFor,
  rowSums,
  solved,
} from "./chunk_operations.ts";
import type { ChunkedRule } from "./delta_chunks.ts";
import { runThroughChunks } from "./delta_chunks.ts";
import type { DeltaInputs, DeltaRule } from "./delta_rule.ts";

/** Tokens of a chunk. Source: torch_chunk_gated_delta_rule, chunk_size */
const CHUNK = 64;

/**
 * The same rule by PyTorch's own operations, in fp32, with keys repeated for every
 * head of the values.
 *
 * Source: huggingface/transformers 5.24.0 models/qwen3_5/modeling_qwen3_5.py,
 * torch_chunk_gated_delta_rule
 *
 * @returns [rows × heads × width]
 */
export function plainDeltaRule(
  m: Machine,
  given: DeltaInputs,
  sizes: DeltaRule,
): Value {
  const { batch, sequence, keyHeads, heads, keyWidth, width } = sizes;
  const chunks = Math.ceil(sequence / CHUNK);
  const rows = batch * chunks * CHUNK * heads;
  const own: ChunkedRule = {
    chunks,
    keys: rows * keyWidth,
    values: rows * width,
    products: rows * CHUNK,
    state: batch * heads * keyWidth * width,
  };
  return m.call(() => {
    const times = heads / keyHeads;
    const repeated = [given.q, given.k].map((each) =>
      times === 1 ? m.view(each) : repeatedFor(m, each, times, "repeated keys")
    );
    const [q0, k0, v0, b0, d0] = [
      ...repeated,
      given.v,
      given.betas,
      given.decays,
    ].map((each) => cast(m, each, "fp32", "delta rule's input in fp32")) as [
      Value,
      Value,
      Value,
      Value,
      Value,
    ];
    m.drop(...repeated);
    const count = batch * sequence * heads;
    const q1 = normed(m, q0, count);
    m.drop(q0);
    const k1 = normed(m, k0, count);
    m.drop(k0);
    const q2 = scaled(m, q1, "scaled queries");
    m.drop(q1);
    const wide = (x: Value, elements: number, label: string) => {
      const out = padded(m, x, elements, label);
      m.drop(x);
      return out;
    };
    const q = wide(q2, own.keys, "queries, padded");
    const k = wide(k1, own.keys, "keys, padded");
    const v = wide(v0, own.values, "values, padded");
    const betas = wide(b0, rows, "betas, padded");
    const decays = wide(d0, rows, "decays, padded");
    const vBeta = multiply(m, v, betas, "values by betas");
    const kBeta = multiply(m, k, betas, "keys by betas");
    const sums = scaled(m, decays, "sums of decay");
    const pairs = pairwiseDecays(m, sums, own.products);
    const between = (a: Value, b: Value, label: string) => {
      const product = matrixProduct(m, a, b, own.products, label);
      const out = multiply(m, product, pairs, `decayed ${label}`);
      m.drop(product);
      return out;
    };
    const system = between(kBeta, k, "products of keys");
    const inner = between(q, k, "products of queries and keys");
    const grown = savingOutput(m, sums, "decays from a chunk's start");
    const kDecayed = multiply(m, kBeta, grown, "decayed keys by betas");
    m.drop(grown);
    const fresh = solved(m, system, vBeta, "new values");
    const read = solved(m, system, kDecayed, "decayed keys that read");
    const again = savingOutput(m, sums, "decays from a chunk's start");
    const asked = multiply(m, q, again, "decayed queries");
    m.drop(q, again);
    const less = add(m, sums, sums, "decays to a chunk's end");
    const rest = savingOutput(m, less, "decays to a chunk's end");
    m.drop(less);
    const written = multiply(m, k, rest, "decayed keys");
    m.drop(k, rest);
    const out = runThroughChunks(
      m,
      { fresh, read, asked, written, inner },
      own,
    );
    const laid = copied(m, out, "delta rule's output, laid out");
    m.drop(out);
    const kept = slice(m, laid, batch * sequence * heads * width);
    m.drop(laid);
    return cast(m, kept, given.v.dtype, "delta rule's output");
  });
}

/** x / √Σx² of each row. */
function normed(m: Machine, x: Value, rows: number): Value {
  return m.call(() => {
    const square = multiply(m, x, x, "squares");
    const sum = rowSums(m, square, rows, "sums of squares");
    m.drop(square);
    const shifted = scaled(m, sum, "sums of squares");
    m.drop(sum);
    const root = savingOutput(m, shifted, "reciprocal roots");
    m.drop(shifted);
    return multiply(m, x, root, "normed queries or keys");
  });
}
