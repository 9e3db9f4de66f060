import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import {
  add,
  addedTo,
  cast,
  scaled,
  scaledInPlace,
} from "../torch/ops/arithmetic.ts";
import { dropout } from "../torch/ops/dropout.ts";
import type { Norm } from "../torch/ops/norms.ts";
import type { RotaryTable } from "../torch/ops/rotary.ts";
import type { AttentionPlan } from "./attention_plan.ts";
import type { BesidePlan } from "./beside_layer.ts";
import type { LatentAttentionPlan } from "./latent_attention.ts";
import { attended, feedForward, normed } from "./layer_branches.ts";
import type { MlpPlan } from "./mlp_layer.ts";
import type { MoePlan } from "./moe_layer.ts";
import type { OwnInputsPlan } from "./own_inputs.ts";
import { withOwnInputs } from "./own_inputs.ts";
import type { StreamsPlan } from "./streams.ts";
import type { StreamsParts } from "./streams_layer.ts";
import { streamsLayer } from "./streams_layer.ts";
import type { StateSpacePlan } from "./state_space_layer.ts";
import { stateSpaceLayer } from "./state_space_layer.ts";
import { statesBesideAttention } from "./states_beside_attention.ts";

/** One layer of a decoder. */
export interface LayerPlan {
  readonly rows: number;
  /** Rows that norms read; all where left out. */
  readonly normRows?: number;
  /** How ranks share the tokens between its matrices; not at all where left out. */
  readonly shares?: {
    /** The tokens of all ranks, of this rank's. */
    enter(m: Machine, x: Value): Value;
    /** This rank's, of all ranks' summands. */
    leave(m: Machine, x: Value): Value;
  };
  readonly arrangement: "pre" | "sandwich" | "post" | "parallel";
  readonly attention: AttentionPlan | LatentAttentionPlan | null;
  readonly mlp: MlpPlan | MoePlan | BesidePlan | null;
  /** How it brings in inputs that tokens have for it alone; not where left out. */
  readonly ownInputs?: OwnInputsPlan | null;
  /** How several streams go through it, one of them in full; one where left out. */
  readonly streams?: StreamsPlan | null;
  /** Whether what it gives is multiplied in place. */
  readonly scalesInPlace?: boolean;
  /** What stands in attention's place. */
  readonly stateSpace?: StateSpacePlan | null;
  readonly norms: {
    readonly beforeAttention: Norm | null;
    readonly afterAttention: Norm | null;
    readonly beforeMlp: Norm | null;
    readonly afterMlp: Norm | null;
  };
  /** Whether what attention read is held in a variable till the layer ends. */
  readonly holdsNormed?: boolean;
  /** Whether what attention gave is held in a variable till the layer ends. */
  readonly holdsAttended?: boolean;
  readonly residualDropout: number;
  readonly scaledResiduals: boolean;
  /** Whether a parallel layer adds attention to the MLP's output in place. */
  readonly addsInPlace?: boolean;
  /** Whether the residual is added in fp32, and cast for the norm: Mamba. */
  readonly wideResidual?: boolean;
}

/**
 * The layer's output, for hidden states that the caller holds.
 *
 * @param inputs What tokens have for this layer alone; null where it reads nothing.
 */
export function decoderLayer(
  m: Machine,
  x: Value,
  plan: LayerPlan,
  table: RotaryTable | null,
  inputs: Value | null = null,
): Value {
  const held: Value[] = [];
  const out = m.call(() => {
    if (plan.streams) {
      return streamsLayer(m, x, inputs ?? x, streamsOf(plan, table, held));
    }
    const own = plan.arrangement === "parallel"
      ? parallel(m, x, plan, table, held)
      : sequential(m, x, plan, table, held);
    return ended(m, own, plan, inputs);
  });
  m.drop(...held);
  return out;
}

/** What a layer of several streams has; it lacks nothing of it. */
function streamsOf(
  { rows, streams, norms, ownInputs, attention, mlp }: LayerPlan,
  table: RotaryTable | null,
  held: Value[],
): StreamsParts {
  const { beforeAttention, afterAttention, beforeMlp, afterMlp } = norms;
  if (
    !streams || !ownInputs || !attention || !mlp || !beforeAttention ||
    !afterAttention || !beforeMlp || !afterMlp
  ) throw new RangeError("a layer of several streams lacks a part");
  return {
    rows,
    streams,
    norms: { beforeAttention, afterAttention, beforeMlp, afterMlp },
    ownInputs,
    attend: (m, x) => attended(m, x, attention, table, held),
    feed: (m, x) => feedForward(m, x, rows, mlp, x),
  };
}

/** What follows attention and MLP in layers that have anything there. */
function ended(
  m: Machine,
  x: Value,
  { ownInputs, rows, scalesInPlace }: LayerPlan,
  inputs: Value | null,
): Value {
  let out = x;
  if (ownInputs && inputs) {
    out = withOwnInputs(m, x, inputs, rows, ownInputs);
    m.drop(x);
  }
  if (!scalesInPlace) return out;
  const own = scaledInPlace(m, out);
  m.drop(out);
  return own;
}

function sequential(
  m: Machine,
  x: Value,
  plan: LayerPlan,
  table: RotaryTable | null,
  held: Value[],
): Value {
  const { norms, attention, mlp, rows, stateSpace } = plan;
  let hidden = x;
  if (stateSpace && attention) {
    hidden = half(
      m,
      hidden,
      plan,
      [norms.beforeAttention, norms.afterAttention],
      (input) =>
        statesBesideAttention(
          m,
          input,
          stateSpace,
          (own) => attended(m, own, attention, table, held),
          held,
        ),
    );
  } else if (stateSpace) {
    hidden = half(
      m,
      hidden,
      plan,
      [norms.beforeAttention, norms.afterAttention],
      (input) => stateSpaceLayer(m, input, stateSpace),
    );
  } else if (attention) {
    hidden = half(
      m,
      hidden,
      plan,
      [norms.beforeAttention, norms.afterAttention],
      (input) => attended(m, input, attention, table, held),
      plan.holdsAttended,
    );
  }
  if (!mlp) return hidden === x ? m.view(x) : hidden;
  return half(
    m,
    hidden,
    plan,
    [norms.beforeMlp, norms.afterMlp],
    (input) => feedForward(m, input, rows, mlp, hidden),
  );
}

/**
 * Half a layer: a norm, what it does, perhaps a norm, and the residual.
 *
 * @param holds Whether what is added to the residual is held till the layer ends.
 */
function half(
  m: Machine,
  x: Value,
  plan: LayerPlan,
  [before, after]: readonly [Norm | null, Norm | null],
  body: (input: Value) => Value,
  holds = false,
): Value {
  const input = before ? normedInput(m, x, plan, before) : m.view(x);
  const residual = plan.wideResidual
    ? cast(m, x, "fp32", "residual stream in fp32")
    : x;
  let out = shared(m, input, plan, body);
  if (!holds || !plan.holdsNormed) m.drop(input);
  if (after) {
    const next = normed(m, out, plan.normRows ?? plan.rows, after);
    m.drop(out);
    out = next;
  }
  const dropped = dropout(m, out, plan.residualDropout, "residual");
  m.drop(out);
  out = dropped;
  if (plan.scaledResiduals) {
    const next = scaled(m, out, "scaled branch");
    m.drop(out);
    out = next;
  }
  const sum = add(m, residual, out, "residual stream");
  if (!holds) m.drop(out);
  if (residual !== x) m.drop(residual);
  return sum;
}

/** Runs what reads all ranks' tokens, and gives this rank's. */
function shared(
  m: Machine,
  input: Value,
  { shares }: LayerPlan,
  body: (input: Value) => Value,
): Value {
  if (!shares) return body(input);
  const whole = shares.enter(m, input);
  const summands = body(whole);
  m.drop(whole);
  const own = shares.leave(m, summands);
  m.drop(summands);
  return own;
}

/** A norm that reads a wide residual stream in its weight's type. */
function normedInput(
  m: Machine,
  x: Value,
  { rows: all, normRows: rows = all, wideResidual }: LayerPlan,
  own: Norm,
): Value {
  if (!wideResidual || !own.weight) return normed(m, x, rows, own);
  const narrow = cast(m, x, own.weight.dtype, "residual stream for the norm");
  const out = normed(m, narrow, rows, own);
  m.drop(narrow);
  return out;
}

/** Attention and MLP of the same input, both added to the residual. */
function parallel(
  m: Machine,
  x: Value,
  plan: LayerPlan,
  table: RotaryTable | null,
  held: Value[],
): Value {
  const { norms, attention, mlp, rows } = plan;
  const input = norms.beforeAttention
    ? normed(m, x, rows, norms.beforeAttention)
    : m.view(x);
  const looked = attention
    ? attended(m, input, attention, table, held)
    : m.view(input);
  if (norms.beforeMlp && !plan.holdsNormed) m.drop(input);
  const other = norms.beforeMlp ? normed(m, x, rows, norms.beforeMlp) : input;
  const fed = mlp ? feedForward(m, other, rows, mlp, x) : m.view(other);
  m.drop(input, other);
  const both = plan.addsInPlace
    ? addedTo(m, fed, looked)
    : add(m, looked, fed, "attention and MLP");
  // Variables of the layer's code hold both till it ends.
  const sum = add(m, both, x, "residual stream");
  m.drop(looked, fed);
  return sum;
}
