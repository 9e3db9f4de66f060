import type { Machine } from "../../machine.ts";
import type { Value } from "../../values.ts";
import { computed, handed, Scratch } from "./kernel_gradients.ts";

/** The sizes of a gated delta rule: heads of keys serve several of values. */
export interface DeltaRule {
  readonly batch: number;
  readonly sequence: number;
  readonly keyHeads: number;
  readonly keyWidth: number;
  /** Heads of the values, each with a state. */
  readonly heads: number;
  readonly width: number;
}

/** What a gated delta rule reads. */
export interface DeltaInputs {
  /** [rows × key heads × key width], parts of a wider row. */
  readonly q: Value;
  readonly k: Value;
  /** [rows × heads × width], of the same row. */
  readonly v: Value;
  /** Logarithms of decays in fp32: [rows × heads]. */
  readonly decays: Value;
  /** How much each token overwrites: [rows × heads]. */
  readonly betas: Value;
}

/** Tokens of a chunk. Source: fla ops/gated_delta_rule/chunk.py, chunk_size */
const CHUNK = 64;

/**
 * Features of keys that a kernel takes at once, whose sums are added after.
 *
 * Source: fla ops/common/chunk_o.py, chunk_bwd_dqkwg: CONST_TILING of Hopper
 */
const TILE = 128;

/**
 * A gated delta rule by chunks in one Function, which norms queries and keys
 * itself and runs its states again backward.
 *
 * Source: fla-org/flash-linear-attention 0.6.0
 * fla/ops/gated_delta_rule/chunk.py, ChunkGatedDeltaRuleFunction; chunk_fwd.py,
 * wy_fast.py; ops/common/chunk_delta_h.py, chunk_o.py
 *
 * @returns [rows × heads × width]
 */
export function deltaRule(
  m: Machine,
  { q, k, v, decays, betas }: DeltaInputs,
  sizes: DeltaRule,
): Value {
  const { dtype } = v;
  const { keys, shared, values, gates, states } = elementsOf(sizes);
  return m.call(() => {
    // The guard of its inputs lays out what is part of a wider row.
    m.create(keys, dtype, "queries, laid out");
    m.create(keys, dtype, "keys, laid out");
    const laid = m.create(values, dtype, "values, laid out");
    const normed = ["queries", "keys"].flatMap((name) => [
      m.create(keys, dtype, `normed ${name}`),
      m.create(keys / sizes.keyWidth, "fp32", `roots of ${name}`),
    ]);
    const sums = m.create(gates, "fp32", "sums of decay");
    const solved = m.create(gates * CHUNK, dtype, "solved products of keys");
    m.create(shared, dtype, "decayed keys");
    m.create(values, dtype, "values to be written");
    m.create(states, dtype, "states before each chunk");
    m.create(values, dtype, "values written");
    const node = m.record(
      [q, k, v, decays, betas],
      [...normed, laid, sums, betas, solved],
      () => {
        const given = backward(m, { q, k, v, decays, betas }, sizes);
        return [
          handed(m, q, given.q),
          handed(m, k, given.k),
          handed(m, v, given.v),
          handed(m, decays, given.decays),
          handed(m, betas, given.betas),
        ];
      },
    );
    return m.create(
      values,
      dtype,
      "delta rule's output",
      node && { node, slot: 0 },
    );
  });
}

/** Source: chunk.py, chunk_gated_delta_rule_bwd, and the norms' after it. */
function backward(
  m: Machine,
  { q, k, v, decays, betas }: DeltaInputs,
  sizes: DeltaRule,
) {
  const { keys, shared, values, gates, states } = elementsOf(sizes);
  const isShared = sizes.keyHeads !== sizes.heads;
  const s = new Scratch(m, v.dtype);
  const again = [
    s.make(shared, "decayed keys, again"),
    s.make(values, "values to be written, again"),
    s.make(states, "states before each chunk, again"),
    s.make(values, "values written, again"),
  ];
  const local = s.make(values, "gradient of values within chunks");
  again.push(s.make(states, "gradient of states"));
  const written = s.make(values, "gradient of values written");
  s.drop(local);
  const wide = [
    s.make(shared, "gradient of queries by head"),
    s.make(shared, "gradient of keys by head"),
  ];
  const tiles = Math.ceil(sizes.keyWidth / TILE);
  const pieces = s.make(gates * tiles, "pieces of decays' gradient", "fp32");
  again.push(s.make(shared, "gradient of decayed keys"));
  const [dq, dk] = wide.map((each) => {
    if (!isShared) return each;
    const sum = s.make(keys, "gradient of queries or keys");
    s.drop(each);
    return sum;
  });
  const summed = s.make(gates, "gradient of decays", "fp32");
  s.drop(pieces);
  const more = s.make(shared, "more of keys' gradient by head");
  const dv = computed(m, v, v.dtype, "gradient of values");
  again.push(s.make(gates, "more of decays' gradient", "fp32"));
  const dBetas = computed(m, betas, betas.dtype, "gradient of betas");
  if (isShared) {
    again.push(s.make(keys, "more of keys' gradient"));
    s.drop(more);
  } else again.push(more);
  s.drop(written);
  const dDecays = computed(m, decays, "fp32", "gradient of decays");
  s.drop(summed, ...again);
  // Through the norms of queries and keys: fla/modules/norm/l2norm.py, l2norm_bwd.
  const dQueries = computed(m, q, v.dtype, "gradient of queries");
  if (dq) s.drop(dq);
  const dKeys = computed(m, k, v.dtype, "gradient of keys");
  if (dk) s.drop(dk);
  s.end();
  return { q: dQueries, k: dKeys, v: dv, decays: dDecays, betas: dBetas };
}

function elementsOf(
  { batch, sequence, keyHeads, keyWidth, heads, width }: DeltaRule,
) {
  const rows = batch * sequence;
  return {
    keys: rows * keyHeads * keyWidth,
    /** Keys as each head of values has them. */
    shared: rows * heads * keyWidth,
    values: rows * heads * width,
    gates: rows * heads,
    states: batch * Math.ceil(sequence / CHUNK) * heads * keyWidth * width,
  };
}
