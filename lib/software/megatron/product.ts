import type { CollectiveName } from "../../answer/traffic.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Grad, Value } from "../../play/torch/values.ts";
import { inEightBits, takesEightBits } from "./eight_bits.ts";
import { hiddenStates } from "./exchanged.ts";
import type { CutMatrix } from "./shares.ts";

/** How a matrix is cut over ranks. */
export interface ProductCut {
  /** Whether the whole input is gathered. */
  readonly gathers: boolean;
  readonly isCutByRows: boolean;
  /** Whether what ranks have of the product is summed at once. */
  readonly sums: boolean;
  readonly label: string;
  /** Whether Transformer Engine multiplies in 8 bits, where it is asked for. */
  readonly inEightBits?: true;
}

/**
 * x Wᵀ for this rank's part of a matrix. A fused kernel adds the weight's gradient to
 * the buffer of gradients; autograd is given an empty tensor in its place. What has a
 * frozen matrix is not saved.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1 megatron/core/tensor_parallel/layers.py,
 * LinearWithGradAccumulationAndAsyncCommunication, LinearWithFrozenWeight
 */
export function multiplied(
  m: Machine,
  x: Value,
  rows: number,
  { name, in: width, out, weight, bias }: CutMatrix,
  { gathers, isCutByRows, sums, label, inEightBits: may }: ProductCut,
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
  const eight = may && takesEightBits(m) ? inEightBits(m, x, name) : null;
  const saved = eight?.saved ?? x;
  const run = <T>(body: () => T): T =>
    eight ? eight.withGradient(rows * out, body) : body();
  const node = m.record(
    [x, matrix, offset],
    [matrix.source ? saved : null, x.source ? matrix : null],
    () =>
      run(() => {
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
      }),
  );
  if (eight) m.drop(eight.saved);
  const source = node && { node, slot: 0 };
  // Where nothing is saved of the input, it is not gathered into the layers' buffer.
  const whole = gathers && !matrix.source
    ? m.create(rows * width, dtype, `input of ${name}`)
    : null;
  const finished = (result: Value): Value => {
    if (whole) m.drop(whole);
    return result;
  };
  if (!offset) {
    return finished(m.create(rows * out, dtype, label, source));
  }
  const product = m.create(rows * out, dtype, label);
  const result = m.create(rows * out, dtype, label, source);
  m.drop(product);
  return finished(result);
}
