import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import { scaled } from "../../play/torch/ops/arithmetic.ts";

/** What is sent of hidden states: of layers, or at the model's ends. */
export function hiddenStates({ part }: Machine): string {
  return part === "embeddings" || part === "logits and loss"
    ? HIDDEN_AT_ENDS
    : "hidden states of layers";
}

/** What is sent at embedding and head. */
export const HIDDEN_AT_ENDS = "hidden states at embedding and head";

/**
 * Sums over ranks of which each keeps a part; its gradient is gathered again.
 *
 * @param what What is sent, in words.
 */
export function reduceScattered(
  m: Machine,
  x: Value,
  ranks: number,
  label: string,
  what: string,
  group: "tensor" | "expert tensor" = "tensor",
): Value {
  const bytes = x.elements * DTYPE_BYTES[x.dtype];
  m.tape.exchange({ collective: "reduce-scatter", group, bytes, what });
  const node = m.record(
    [x],
    [],
    () => {
      m.tape.exchange({ collective: "all-gather", group, bytes, what });
      return [m.grad(x.source, x.elements, x.dtype, `gathered ${label}`)];
    },
  );
  return m.create(
    x.elements / ranks,
    x.dtype,
    label,
    node && { node, slot: 0 },
  );
}

/**
 * The parts of an expert's ranks in one tensor; its gradient is summed and cut again.
 */
export function gatheredFrom(
  m: Machine,
  x: Value,
  ranks: number,
  label: string,
  what = TO_EXPERTS,
): Value {
  const sent = {
    group: "expert tensor",
    bytes: ranks * x.elements * DTYPE_BYTES[x.dtype],
    what,
  } as const;
  m.tape.exchange({ collective: "all-gather", ...sent });
  const node = m.record(
    [x],
    [],
    () => {
      m.tape.exchange({ collective: "reduce-scatter", ...sent });
      return [m.grad(x.source, x.elements, x.dtype, `scattered ${label}`)];
    },
  );
  return m.create(
    x.elements * ranks,
    x.dtype,
    label,
    node && { node, slot: 0 },
  );
}

/**
 * The tokens of all ranks; their gradient is summed and cut again.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1 megatron/core/tensor_parallel/mappings.py,
 * _GatherFromSequenceParallelRegion
 */
export function gatheredTokens(
  m: Machine,
  x: Value,
  ranks: number,
  label: string,
): Value {
  const sent = {
    group: "tensor",
    bytes: ranks * x.elements * DTYPE_BYTES[x.dtype],
    what: hiddenStates(m),
  } as const;
  m.tape.exchange({ collective: "all-gather", ...sent });
  const node = m.record([x], [], () => {
    m.tape.exchange({ collective: "reduce-scatter", ...sent });
    return [m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`)];
  });
  return m.create(
    x.elements * ranks,
    x.dtype,
    label,
    node && { node, slot: 0 },
  );
}

/**
 * The features of all ranks, gathered rank by rank and joined; the gradient is cut.
 *
 * Source: megatron/core/tensor_parallel/mappings.py, _gather_along_last_dim
 */
export function gatheredByFeature(
  m: Machine,
  x: Value,
  ranks: number,
  label: string,
): Value {
  const node = m.record([x], [], () => [
    m.grad(x.source, x.elements, x.dtype, `cut gradient of ${label}`),
  ]);
  m.tape.exchange({
    collective: "all-gather",
    group: "tensor",
    bytes: ranks * x.elements * DTYPE_BYTES[x.dtype],
    what: `${label} of all ranks`,
  });
  const all = m.create(x.elements * ranks, x.dtype, label);
  const source = node && { node, slot: 0 };
  const joined = m.create(all.elements, x.dtype, label, source);
  m.drop(all);
  return joined;
}

/** Rows in another order: a new tensor, as its gradient is. */
export function moved(m: Machine, x: Value, label: string): Value {
  return scaled(m, x, label);
}

/** Rows of experts' tokens that go to other ranks, as their gradients come back. */
export function sentToExperts(
  m: Machine,
  x: Value,
  label: string,
  what = TO_EXPERTS,
): Value {
  const send = (): void =>
    m.tape.exchange({
      collective: "all-to-all",
      group: "expert",
      bytes: x.elements * DTYPE_BYTES[x.dtype],
      what,
    });
  send();
  const node = m.record([x], [], () => {
    send();
    return [m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`)];
  });
  return m.create(x.elements, x.dtype, label, node && { node, slot: 0 });
}

/** What is sent for experts: tokens, and what an expert's output counts. */
export const TO_EXPERTS = "tokens to their experts and back";
export const EXPERT_WEIGHTS = "weights of tokens at their experts";
