import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import type { HeadKeeper, SeenHeads } from "./kept_heads.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import { copied, join, slice, split } from "../torch/ops/arithmetic.ts";
import type { AttentionSettings, Heads } from "../torch/ops/attention/types.ts";
import { attention, orderedOutput } from "../torch/ops/attention/attention.ts";
import type { Norm } from "../torch/ops/norms.ts";
import { norm } from "../torch/ops/norms.ts";
import type { IndexerPlan } from "./token_indexer.ts";
import { maskedByPicks, pickedTokens } from "./token_indexer.ts";
import type { RotaryTable } from "../torch/ops/rotary.ts";
import { rotated } from "../torch/ops/rotary.ts";

/** Attention whose keys and values come of a small latent: DeepSeek's MLA. */
export interface LatentAttentionPlan {
  /** Queries in one projection, or through a latent of their own. */
  readonly q: AdaptedLinear | {
    readonly down: AdaptedLinear;
    readonly norm: Norm | null;
    readonly up: AdaptedLinear;
  };
  /** Gives the latent and the keys' shared rotary features. */
  readonly kvDown: AdaptedLinear;
  readonly kvNorm: Norm | null;
  readonly kvUp: AdaptedLinear;
  readonly o: AdaptedLinear;
  readonly heads: Heads;
  /** Features of a head that are turned. */
  readonly rotaryWidth: number;
  readonly settings: AttentionSettings;
  /** What picks the tokens that are looked at; all where it is left out. */
  readonly indexer?: IndexerPlan | null;
  /** What keeps latents and their rotary keys between tokens; else nothing. */
  readonly keeper?: HeadKeeper | null;
  /** What keeps the keys and values that are made of them; else nothing. */
  readonly headKeeper?: HeadKeeper | null;
}

/**
 * Latent attention over normed hidden states.
 *
 * Source: huggingface/transformers models/deepseek_v3/modeling_deepseek_v3.py,
 * DeepseekV3Attention; flash kernels get values as wide as keys.
 */
export function latentAttention(
  m: Machine,
  x: Value,
  plan: LatentAttentionPlan,
  table: RotaryTable | null,
  held: Value[] = [],
): Value {
  return m.within("attention activations", () =>
    m.call(() => {
      const { settings } = plan;
      const rows = plan.heads.batch * plan.heads.queries;
      const [q, { keys: k, values: v, seen }] = [
        queries(m, x, rows, plan, table),
        keysAndValues(m, x, rows, plan, table),
      ];
      const heads = { ...plan.heads, keys: seen };
      if (plan.indexer) {
        const picked = pickedTokens(m, x, heads, plan.indexer);
        // Locals of the call, that go when it ends.
        maskedByPicks(m, picked, heads);
      }
      const padded = settings.implementation === "flash" &&
        heads.valueWidth < heads.width;
      if (!padded) {
        const attended = attention(m, [q, k, v], heads, settings, null, held);
        const out = orderedOutput(m, attended, settings, false);
        return adaptedLinear(m, out, rows, plan.o);
      }
      const wide = padding(
        m,
        v,
        heads.batch * seen * heads.heads * heads.width,
      );
      m.drop(v);
      const whole = attention(
        m,
        [q, k, wide],
        { ...heads, valueWidth: heads.width },
        settings,
      );
      const narrow = rows * heads.heads * heads.valueWidth;
      const kept = slice(m, whole, narrow);
      const out = copied(m, kept, "attention output without padding");
      m.drop(whole, kept);
      return adaptedLinear(m, out, rows, plan.o);
    }));
}

function queries(
  m: Machine,
  x: Value,
  rows: number,
  { q, heads, rotaryWidth }: LatentAttentionPlan,
  table: RotaryTable | null,
): Value {
  // Variables of attention's code, to its end.
  const whole = "down" in q
    ? m.call(() => {
      const latent = adaptedLinear(m, x, rows, q.down);
      const normed = q.norm
        ? norm(m, latent, rows, q.norm, "query latent norm")
        : m.view(latent);
      m.drop(latent);
      return adaptedLinear(m, normed, rows, q.up, "queries");
    })
    : adaptedLinear(m, x, rows, q, "queries");
  if (!table) return whole;
  const turning = rows * heads.heads * rotaryWidth;
  const [pass, turned] = split(m, whole, [
    whole.elements - turning,
    turning,
  ]) as [Value, Value];
  const result = rotated(m, turned, table, "rotary queries");
  return join(m, [pass, result], "rotated queries");
}

function keysAndValues(
  m: Machine,
  x: Value,
  rows: number,
  plan: LatentAttentionPlan,
  table: RotaryTable | null,
): SeenHeads {
  const { kvDown, kvNorm, kvUp, heads, rotaryWidth, keeper } = plan;
  const latentWidth = kvDown.out - rotaryWidth;
  const down = adaptedLinear(m, x, rows, kvDown);
  const [latent, turning] = split(m, down, [
    rows * latentWidth,
    rows * rotaryWidth,
  ]) as [Value, Value];
  // A variable of the code; what autograd keeps stands as long anyway.
  if (!m.followsVariables) m.drop(down);
  const normed = kvNorm
    ? norm(m, latent, rows, kvNorm, "latent norm")
    : m.view(latent);
  m.drop(latent);
  const turned = table ? rotated(m, turning, table, "rotary keys") : turning;
  if (table) m.drop(turning);
  const kept = keeper
    ? keeper(m, normed, turned)
    : { keys: normed, values: turned, seen: heads.queries };
  const { seen } = kept;
  const many = heads.batch * seen;
  const up = adaptedLinear(m, kept.keys, many, kvUp, "keys and values");
  m.drop(kept.keys);
  const values = many * heads.heads * heads.valueWidth;
  const [own, v] = split(m, up, [up.elements - values, values]) as [
    Value,
    Value,
  ];
  m.drop(up);
  const k = filled(m, own, kept.values, many * heads.heads * heads.width);
  m.drop(own, kept.values);
  return plan.headKeeper
    ? plan.headKeeper(m, k, v)
    : { keys: k, values: v, seen };
}

/** New keys of which each part is copied in; gradients are copied out. */
function filled(
  m: Machine,
  own: Value,
  shared: Value,
  elements: number,
): Value {
  const node = m.record([own, shared], [], ([grad]) => [
    grad && own.source ? m.share(grad) : null,
    shared.source &&
    m.grad(shared.source, shared.elements, shared.dtype, "rotary key gradient"),
  ]);
  return m.create(
    elements,
    own.dtype,
    "rotated keys",
    node && { node, slot: 0 },
  );
}

/** Values with zeros behind them. */
function padding(m: Machine, v: Value, elements: number): Value {
  const node = m.record([v], [], () => [
    m.grad(v.source, v.elements, v.dtype, "gradient of padded values"),
  ]);
  return m.create(
    elements,
    v.dtype,
    "padded values",
    node && { node, slot: 0 },
  );
}
