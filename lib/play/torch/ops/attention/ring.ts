import type { Machine } from "../../machine.ts";
import type { Grad, Value } from "../../values.ts";
import type { Heads } from "./types.ts";
import type { Ring } from "./context.ts";
import { gatheredPair, ringSteps } from "./context.ts";
import { RingBackward } from "./ring_backward.ts";

/**
 * Attention of a part of a sequence to all of it: keys and values of all ranks are
 * gathered, and what each block gives is merged in fp32. Its output lies token by
 * token unless it was put together of halves.
 *
 * Source: pytorch torch/distributed/tensor/experimental/_context_parallel/
 * _attention.py, _templated_ring_attention, _SDPAMerger, _AllGatherRotater
 */
export function ringAttention(
  m: Machine,
  [q, k, v]: readonly [Value, Value, Value],
  sizes: Heads,
  ring: Ring,
  causal: boolean,
): Value {
  return m.call(() => {
    const steps = ringSteps(ring, causal);
    const rows = sizes.batch * sizes.queries;
    const { dtype } = q;
    const elements = rows * sizes.heads * sizes.valueWidth;
    const both = k.elements + v.elements;
    const isOrdered = sizes.kvHeads > 1;
    const own = [k, v].map((each) =>
      isOrdered
        ? m.create(each.elements, dtype, "keys and values by head")
        : m.view(each)
    );
    m.tape.exchange(gatheredPair(both * ring.ranks, dtype));
    let gathered: Value | null = null;
    let merged: Value | null = null;
    let logSums: Value | null = null;
    let block: readonly Value[] = [];
    for (const [at, step] of steps.entries()) {
      if (at === 1) m.drop(...own);
      if (at < ring.ranks - 1) {
        const sent = m.create(both, dtype, "keys and values");
        gathered ??= m.create(
          both * ring.ranks,
          dtype,
          "keys and values of all ranks",
        );
        m.drop(sent);
      }
      if (step === null) continue;
      const share = step === "half of the queries" ? 2 : 1;
      const next = [
        m.create(elements / share, dtype, "attention output of a block"),
        m.create(rows * sizes.heads / share, "fp32", "log-sums of a block"),
      ];
      m.drop(...block);
      block = next;
      const wide = dtype === "fp32"
        ? m.view(next[0] as Value)
        : m.create(elements / share, "fp32", "output of a block in fp32");
      if (merged === null || logSums === null) {
        merged = wide;
        logSums = m.view(next[1] as Value);
        continue;
      }
      const olds: Value[] = [merged, logSums, wide];
      [merged, logSums] = mergedWith(m, merged, logSums, share);
      m.drop(...olds);
    }
    const out = dtype === "fp32"
      ? m.view(merged as Value)
      : m.create(elements, dtype, "attention output");
    const sums = m.view(logSums as Value);
    const seed = m.create(2, "int64", "attention seed");
    const offset = m.create(1, "int64", "attention offset");
    const node = m.record(
      [q, k, v],
      [q, k, v, out, sums, seed, offset],
      (): (Grad | null)[] =>
        new RingBackward(m, [q, k, v], sizes, ring, steps).grads(),
    );
    out.source = node && { node, slot: 0 };
    return out;
  });
}

/** What all blocks so far give together: the running output and its log-sums. */
function mergedWith(
  m: Machine,
  out: Value,
  sums: Value,
  share: number,
): [Value, Value] {
  const part = (whole: Value, label: string) =>
    m.create(whole.elements / share, "fp32", label);
  const weights = part(sums, "weights of a block");
  const apart = part(out, "difference of outputs");
  const weighted = part(out, "weighted difference");
  m.drop(weights, apart);
  let merged = part(out, "merged output in fp32");
  m.drop(weighted);
  const logs = part(sums, "differences of log-sums");
  let mergedSums = part(sums, "merged log-sums");
  m.drop(logs);
  if (share > 1) {
    // The part that changed is put to the part that did not.
    const whole = m.create(sums.elements, "fp32", "merged log-sums");
    m.drop(mergedSums);
    mergedSums = whole;
    const joined = m.create(out.elements, "fp32", "merged output in fp32");
    m.drop(merged);
    merged = joined;
  }
  return [merged, mergedSums];
}
