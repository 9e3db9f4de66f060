import type { CollectiveName } from "../../answer/traffic.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Grad, Value } from "../../play/torch/values.ts";
import { scaled } from "../../play/torch/ops/arithmetic.ts";
import type { MatrixPart, Shares } from "./shares.ts";
import { tokensOf } from "./shares.ts";

/**
 * x Wᵀ for a matrix whose rows are cut over ranks. Where ranks share the tokens
 * too, the whole x is gathered into a buffer that all layers use, and gathered
 * again for the backward pass: only the rank's tokens are saved.
 *
 * A fused kernel adds the weight's gradient to the buffer of gradients; autograd is
 * given an empty tensor in its place.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1 megatron/core/tensor_parallel/layers.py,
 * LinearWithGradAccumulationAndAsyncCommunication
 */
export function columnParallel(
  m: Machine,
  x: Value,
  part: MatrixPart,
  shares: Shares,
  label: string,
): Value {
  return multiplied(m, x, tokensOf(shares), part, {
    gathers: shares.splitsTokens,
    isCutByRows: true,
    sums: false,
    label,
  });
}

/**
 * x Wᵀ for a matrix whose columns are cut over ranks: each rank has a summand of
 * every token, and keeps the sums of all tokens or of its own.
 *
 * Source: megatron/core/tensor_parallel/layers.py, RowParallelLinear.forward;
 * mappings.py, _ReduceScatterToSequenceParallelRegion
 */
export function rowParallel(
  m: Machine,
  x: Value,
  part: MatrixPart,
  shares: Shares,
  label: string,
): Value {
  const summand = multiplied(m, x, tokensOf(shares), part, {
    gathers: false,
    isCutByRows: false,
    sums: !shares.splitsTokens,
    label,
  });
  if (!shares.splitsTokens) return summand;
  const sum = reduceScattered(m, summand, shares.tp, label, hiddenStates(m));
  m.drop(summand);
  return sum;
}

/** How a matrix is cut over ranks. */
interface Cut {
  /** Whether the whole input is gathered. */
  readonly gathers: boolean;
  readonly isCutByRows: boolean;
  /** Whether what ranks have of the product is summed at once. */
  readonly sums: boolean;
  readonly label: string;
}

function multiplied(
  m: Machine,
  x: Value,
  rows: number,
  { name, in: width, out, weight, bias }: MatrixPart,
  { gathers, isCutByRows, sums, label }: Cut,
): Value {
  const matrix = m.parameter(weight);
  const offset = bias && m.parameter(bias);
  const { dtype } = x;
  const what = hiddenStates(m);
  const send = (collective: CollectiveName, width: number, again = ""): void =>
    m.tape.exchange({
      collective,
      group: "tensor",
      bytes: rows * width * DTYPE_BYTES[dtype],
      what: `${what}${again}`,
    });
  if (gathers) send("all-gather", width);
  else if (sums) send("all-reduce", out);
  const node = m.record(
    [x, matrix, offset],
    [matrix.source ? x : null, x.source ? matrix : null],
    () => {
      const given: (Grad | null)[] = [null, null, null];
      if (gathers && matrix.source) {
        send("all-gather", width, ", again for the weights' gradients");
      }
      if (x.source && isCutByRows) {
        send(gathers ? "reduce-scatter" : "all-reduce", width);
      }
      const at = `gradient at the input of ${name}`;
      const whole = x.source && m.grad(null, rows * width, dtype, at);
      given[0] = whole;
      if (whole && gathers) {
        given[0] = m.grad(x.source, x.elements, dtype, at);
      }
      if (matrix.source) {
        given[1] = m.grad(
          matrix.source,
          weight.elements,
          weight.dtype,
          `${name} weight gradient`,
        );
      }
      if (offset?.source) {
        given[2] = m.grad(offset.source, out, dtype, `${name} bias gradient`);
      }
      if (whole && gathers) m.free(whole);
      return given;
    },
  );
  const source = node && { node, slot: 0 };
  if (!offset) return m.create(rows * out, dtype, label, source);
  const product = m.create(rows * out, dtype, label);
  const result = m.create(rows * out, dtype, label, source);
  m.drop(product);
  return result;
}

/** What is sent of hidden states: of layers, or at the model's ends. */
function hiddenStates({ part }: Machine): string {
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
