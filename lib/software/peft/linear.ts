import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import type {
  Adapter,
  AdapterJoin,
} from "../../play/torch/ops/adapted_linear.ts";
import { add, cast, copied, scaled } from "../../play/torch/ops/arithmetic.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import { dropout } from "../../play/torch/ops/dropout.ts";
import type { Linear } from "../../play/torch/ops/linear.ts";
import { linear } from "../../play/torch/ops/linear.ts";
import { dora } from "./dora.ts";

/** What a program's LoRA layer does beside packed weights. */
export interface BesidePacked {
  /** Whether the layer's result is copied before the adapter's is added. */
  readonly clonesBase: boolean;
  /** Whether autocast alone, where it is on, casts the adapter's input. */
  readonly leavesInput: boolean;
}

/**
 * A linear layer as PEFT wraps it: the input is cast to the adapter's type, the
 * adapter's result is scaled and added. Its layers for quantised ones clone the
 * base's result first, and cast the adapter's input only without autocast.
 *
 * Source: huggingface/peft src/peft/tuners/lora/layer.py, Linear.forward; bnb.py,
 * Linear4bit.forward
 *
 * @param shown As {@linkcode loraJoin} has it.
 */
export function peftLinear(shown: Dtype | null): AdapterJoin {
  return loraJoin({ clonesBase: true, leavesInput: true }, shown);
}

/**
 * A linear layer with LoRA's product beside it.
 *
 * @param shown The type that its matrices seem to have; null for their own.
 */
export function loraJoin(
  habits: BesidePacked,
  shown: Dtype | null = null,
): AdapterJoin {
  return (m, x, rows, layer, adapter, label) =>
    m.call(() => {
      const { name } = layer;
      const isPacked = !("trains" in layer.weight);
      // Autocast alone decides on the type beside a packed layer.
      const leavesInput = m.autocast !== null && habits.leavesInput && isPacked;
      let base = linear(m, x, rows, layer, label);
      if (isPacked && habits.clonesBase) {
        const clone = copied(m, base, `clone of ${name}`);
        m.drop(base);
        base = clone;
      }
      const sum = m.within("adapter activations", () => {
        const added = m.call(() => {
          const input = leavesInput
            ? m.view(x)
            : cast(m, x, shown ?? adapter.a.dtype, `${name} adapter input`);
          return addition(m, input, rows, layer, adapter, base);
        });
        const result = add(m, base, added, `output of ${name} with adapter`);
        m.drop(base, added);
        return result;
      });
      return leavesInput
        ? sum
        : cast(m, sum, base.dtype, label ?? `output of ${name}`);
    });
}

/** What the adapter adds to the layer's own result. */
function addition(
  m: Machine,
  input: Value,
  rows: number,
  layer: Linear,
  adapter: Adapter,
  base: Value,
): Value {
  const { name } = layer;
  const { magnitude } = adapter;
  const dropped = dropout(m, input, adapter.dropout, `${name} adapter input`);
  const product = () => lowRank(m, dropped, rows, layer, adapter);
  if (magnitude) {
    const own = { ...adapter, magnitude };
    return dora(m, dropped, rows, layer, own, base, product);
  }
  const wide = product();
  m.drop(dropped);
  const added = scaled(m, wide, `${name} adapter output`);
  m.drop(wide);
  return added;
}

/** Rows times A, times B. */
function lowRank(
  m: Machine,
  x: Value,
  rows: number,
  { name, in: width, out }: Linear,
  { rank, a, b }: Adapter,
): Value {
  const narrow = linear(
    m,
    x,
    rows,
    { name: `${name} A`, in: width, out: rank, weight: a, bias: null },
  );
  const wide = linear(
    m,
    narrow,
    rows,
    { name: `${name} B`, in: rank, out, weight: b, bias: null },
  );
  m.drop(narrow);
  return wide;
}
