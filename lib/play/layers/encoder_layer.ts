import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import { add, savingInput } from "../torch/ops/arithmetic.ts";
import type { PositionBias } from "../torch/ops/attention/types.ts";
import { dropout } from "../torch/ops/dropout.ts";
import type { Norm } from "../torch/ops/norms.ts";
import { norm } from "../torch/ops/norms.ts";
import type { RotaryTable } from "../torch/ops/rotary.ts";
import type { PartName } from "../../answer/parts.ts";
import type { MlpPlan } from "./mlp_layer.ts";
import { activated } from "./mlp_layer.ts";
import type { SourceAttentionPlan } from "./source_attention.ts";
import { sourceAttention } from "./source_attention.ts";

/** Attention or MLP with its norm and its residual. */
interface Branch {
  readonly norm: Norm | null;
  readonly dropout: number;
}

/** A layer of an encoder, or of a decoder that reads one. */
export interface EncoderLayerPlan {
  readonly rows: number;
  readonly norms: "before" | "behind";
  /** Whether what a branch gave is held while the norm behind it runs. */
  readonly holdsBranch: boolean;
  /** Whether what a branch's projection reads is held until its end. */
  readonly holdsInner: boolean;
  /** Whether what attention's projection gave is held until the layer's end. */
  readonly holdsAttended: boolean;
  /** Whether what it gives is clamped where it is fp16. */
  readonly clamps: boolean;
  readonly attention: Branch & { readonly own: SourceAttentionPlan };
  /** Attention to what an encoder has read. */
  readonly cross: (Branch & { readonly own: SourceAttentionPlan }) | null;
  readonly mlp: Branch & { readonly own: MlpPlan };
}

/** What a layer reads beside hidden states. */
export interface LayerInputs {
  /** What the encoder gave. */
  readonly memory: Value | null;
  readonly table: RotaryTable | null;
  /** Biases of positions, for attention and for attention to the encoder. */
  readonly bias: PositionBias | null;
  readonly crossBias: PositionBias | null;
}

/** The layer's output, for hidden states that the caller holds. */
export function encoderLayer(
  m: Machine,
  x: Value,
  plan: EncoderLayerPlan,
  { memory, table, bias, crossBias }: LayerInputs,
): Value {
  const { attention, cross, mlp, rows } = plan;
  return m.call(() => {
    const held: Value[] = [];
    let hidden = branch(
      m,
      x,
      plan,
      attention,
      (input) =>
        sourceAttention(m, input, input, attention.own, { table, bias, held }),
      ["attention activations", attention.own.o],
      plan.holdsAttended ? held : null,
    );
    if (cross && memory) {
      const next = branch(
        m,
        hidden,
        plan,
        cross,
        (input) =>
          sourceAttention(m, input, memory, cross.own, {
            table: null,
            bias: crossBias,
            held,
          }),
        ["attention activations", cross.own.o],
      );
      m.drop(hidden);
      hidden = next;
    }
    const out = branch(
      m,
      hidden,
      plan,
      mlp,
      (input) => fed(m, input, rows, mlp.own),
      ["MLP activations", mlp.own.down],
    );
    m.drop(...held);
    if (!plan.clamps || out.dtype !== "fp16") return out;
    const bound = savingInput(m, out, "clamped states");
    m.drop(out);
    return bound;
  });
}

function branch(
  m: Machine,
  x: Value,
  { norms, rows, holdsBranch, holdsInner }: EncoderLayerPlan,
  { norm: own, dropout: probability }: Branch,
  body: (input: Value) => Value,
  [part, last]: readonly [PartName, AdaptedLinear],
  held: Value[] | null = null,
): Value {
  const input = norms === "before" && own ? normed(m, x, rows, own) : m.view(x);
  const inner = body(input);
  const out = m.within(part, () => adaptedLinear(m, inner, rows, last));
  if (!holdsInner) m.drop(inner);
  m.drop(input);
  const dropped = dropout(m, out, probability, "residual");
  if (held) held.push(out);
  else m.drop(out);
  const sum = add(m, x, dropped, "residual stream");
  if (!holdsBranch) m.drop(dropped);
  if (norms === "before" || !own) {
    m.drop(inner, dropped);
    return sum;
  }
  const result = normed(m, sum, rows, own);
  m.drop(sum, inner, dropped);
  return result;
}

function fed(m: Machine, x: Value, rows: number, plan: MlpPlan): Value {
  return m.within(
    "MLP activations",
    () => m.call(() => activated(m, x, rows, plan)),
  );
}

function normed(m: Machine, x: Value, rows: number, own: Norm): Value {
  return m.within("norm activations", () => norm(m, x, rows, own, "norm"));
}
