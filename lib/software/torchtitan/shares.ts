import type { CollectiveName } from "../../answer/traffic.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import { output } from "../../play/torch/output.ts";

/** How ranks share the tokens between a layer's matrices. */
export interface TokenShares {
  /** Ranks that matrices are cut over. */
  readonly tp: number;
  /** Sequences of a micro-batch. */
  readonly batch: number;
}

/**
 * The tokens of all ranks in a new tensor, which the matrices that read it save
 * whole. Those of several sequences are put in order in another one.
 *
 * Sources: pytorch/torchtitan 0.1.0
 * torchtitan/models/llama3/infra/parallelize.py, apply_tp; pytorch
 * torch/distributed/_functional_collectives.py, all_gather_tensor,
 * reduce_scatter_tensor
 */
export function wholeTokens(
  m: Machine,
  x: Value,
  { tp, batch }: TokenShares,
): Value {
  const { dtype } = x;
  const elements = tp * x.elements;
  const send = sending(m, elements * DTYPE_BYTES[dtype]);
  send("all-gather");
  const node = m.record([x], [], () => {
    send("reduce-scatter");
    const ordered = m.grad(null, elements, dtype, "gradient by rank");
    const given = m.grad(x.source, x.elements, dtype, "gradient of own tokens");
    m.free(ordered);
    return [given];
  });
  const source = node && { node, slot: 0 };
  if (batch === 1) return m.create(elements, dtype, "whole tokens", source);
  const all = m.create(elements, dtype, "tokens by rank");
  const joined = m.create(elements, dtype, "whole tokens", source);
  m.drop(all);
  return joined;
}

/** Sends hidden states of all tokens among the ranks that share a layer. */
function sending(m: Machine, bytes: number) {
  const isEnd = m.part === "embeddings" || m.part === "logits and loss";
  const what = isEnd
    ? "hidden states at embedding and head"
    : "hidden states of layers";
  return (collective: CollectiveName): void =>
    m.tape.exchange({ collective, group: "tensor", bytes, what });
}

/** Sums of all ranks' parts for this rank's tokens. */
export function ownSums(
  m: Machine,
  x: Value,
  { tp, batch }: TokenShares,
): Value {
  const { dtype } = x;
  const send = sending(m, x.elements * DTYPE_BYTES[dtype]);
  send("reduce-scatter");
  const node = m.record([x], [], () => {
    send("all-gather");
    const label = "gathered gradient";
    if (batch === 1) return [m.grad(x.source, x.elements, dtype, label)];
    const all = m.grad(null, x.elements, dtype, "gradient by rank");
    const given = m.grad(x.source, x.elements, dtype, label);
    m.free(all);
    return [given];
  });
  const ordered = m.create(x.elements, dtype, "summands by rank");
  const own = output(m, "exchange", {
    elements: x.elements / tp,
    dtype,
    label: "sums of own tokens",
    source: node && { node, slot: 0 },
  });
  m.drop(ordered);
  return own;
}
