import type { Machine } from "../../machine.ts";
import type { Value } from "../../values.ts";
import type { DeltaInputs, DeltaRule } from "./delta_rule.ts";
import { computed, handed, Scratch } from "./kernel_gradients.ts";

/** Tokens of a chunk, and of a block within. Source: fla ops/kda/chunk.py, chunk_intra.py */
const [CHUNK, BLOCK] = [64, 16];

/** Features that a kernel takes at once, whose sums are added after: its BK. */
const TILE = 32;

/**
 * A delta rule with a decay for each channel of the keys, by chunks in one Function,
 * which norms queries and keys itself and runs its states again backward. Heads of
 * keys and values are as many and as wide.
 *
 * Source: fla-org/flash-linear-attention 0.6.0 fla/ops/kda/chunk.py,
 * ChunkKDAFunction; chunk_fwd.py, chunk_intra.py, chunk_bwd.py, wy_fast.py
 *
 * @param given Decays are in fp32, one a channel: [rows × heads × key width].
 * @returns [rows × heads × width]
 */
export function channelDeltaRule(
  m: Machine,
  given: DeltaInputs,
  sizes: DeltaRule,
): Value {
  const { q, k, v, decays, betas } = given;
  const { dtype } = v;
  const { keys, values, gates, states } = elementsOf(sizes);
  return m.call(() => {
    // The guard of its inputs lays out what is part of a wider row.
    m.create(keys, dtype, "queries, laid out");
    m.create(keys, dtype, "keys, laid out");
    const laid = m.create(values, dtype, "values, laid out");
    const normed = ["queries", "keys"].flatMap((name) => [
      m.create(keys, dtype, `normed ${name}`),
      m.create(gates, "fp32", `roots of ${name}`),
    ]);
    const sums = m.create(keys, "fp32", "sums of decay");
    const products = ["queries", "keys"].map((name) =>
      m.create(gates * CHUNK, dtype, `products of ${name} within chunks`)
    );
    m.create(gates * BLOCK, "fp32", "products on the diagonal");
    m.create(keys, dtype, "decayed keys");
    m.create(values, dtype, "values to be written");
    m.create(keys, dtype, "keys by their gates");
    m.create(states, dtype, "states before each chunk");
    m.create(values, dtype, "values written");
    const node = m.record(
      [q, k, v, decays, betas],
      [...normed, laid, sums, decays, betas, ...products],
      () => backward(m, given, sizes),
    );
    return m.create(
      values,
      dtype,
      "delta rule's output",
      node && { node, slot: 0 },
    );
  });
}

/** Source: chunk_bwd.py, chunk_kda_bwd, and the norms' after it. */
function backward(
  m: Machine,
  { q, k, v, decays, betas }: DeltaInputs,
  sizes: DeltaRule,
) {
  const { keys, values, gates, states } = elementsOf(sizes);
  const s = new Scratch(m, v.dtype);
  for (const name of ["decayed keys", "queries by gates", "keys by gates"]) {
    s.make(keys, `${name}, again`);
  }
  s.make(values, "values to be written, again");
  s.make(states, "states before each chunk, again");
  s.make(values, "values written, again");
  s.make(gates * CHUNK, "gradient of queries' products", "fp32");
  const local = s.make(values, "gradient of values within chunks");
  s.make(states, "gradient of states");
  const written = s.make(values, "gradient of values written");
  s.drop(local);
  const first = ["queries", "keys", "decays"].map((name) =>
    s.make(keys, `gradient of ${name} between chunks`, "fp32")
  );
  const dv = computed(m, v, v.dtype, "gradient of values");
  first.push(s.make(gates, "gradient of betas between chunks", "fp32"));
  s.make(gates * CHUNK, "gradient of keys' products", "fp32");
  s.drop(written);
  const [dq, dk] = ["queries", "keys"].map((name) =>
    s.make(keys, `gradient of normed ${name}`, "fp32")
  );
  const tiles = Math.ceil(sizes.keyWidth / TILE);
  const pieces = s.make(gates * tiles, "pieces of betas' gradient", "fp32");
  const summed = s.make(keys, "gradient of sums of decay", "fp32");
  const dBetas = computed(m, betas, "fp32", "gradient of betas");
  s.drop(...first, pieces);
  const dDecays = computed(m, decays, "fp32", "gradient of decays");
  s.drop(summed);
  const left = [dq, dk].flatMap((each) => each ?? []);
  s.endBut(left);
  // Through the norms of queries and keys: fla/modules/norm/l2norm.py, l2norm_bwd.
  const dQueries = computed(m, q, v.dtype, "gradient of queries");
  s.drop(...left.slice(0, 1));
  const dKeys = computed(m, k, v.dtype, "gradient of keys");
  s.end();
  return [
    handed(m, q, dQueries),
    handed(m, k, dKeys),
    handed(m, v, dv),
    handed(m, decays, dDecays),
    handed(m, betas, dBetas),
  ];
}

function elementsOf(
  { batch, sequence, keyWidth, heads, width }: DeltaRule,
) {
  const rows = batch * sequence;
  return {
    keys: rows * heads * keyWidth,
    values: rows * heads * width,
    gates: rows * heads,
    states: batch * Math.ceil(sequence / CHUNK) * heads * keyWidth * width,
  };
}
