import type { Machine, Value } from "../machine.ts";
import type { AdaptedLinear } from "../ops/adapted_linear.ts";
import { adaptedLinear } from "../ops/adapted_linear.ts";
import { cast, copied, slice, split } from "../ops/arithmetic.ts";
import type { AttentionSettings, Heads } from "../ops/attention.ts";
import { attention } from "../ops/attention.ts";
import type { Norm } from "../ops/norms.ts";
import { norm } from "../ops/norms.ts";
import type { RotaryTable } from "../ops/rotary.ts";
import { partlyRotated, rotated } from "../ops/rotary.ts";

/** Attention with a projection for each of q, k and v, or one for all. */
export interface AttentionPlan {
  readonly projections:
    | { readonly qkv: AdaptedLinear }
    | {
      readonly q: AdaptedLinear;
      readonly k: AdaptedLinear;
      readonly v: AdaptedLinear;
    };
  readonly o: AdaptedLinear;
  readonly qNorm: Norm | null;
  readonly kNorm: Norm | null;
  readonly heads: Heads;
  readonly rotary: "whole" | "part" | "none";
  readonly rotaryShare: number;
  /** Whether cosines and sines are repeated for this layer. */
  readonly repeatedTables: boolean;
  /** Whether heads are turned in fp32. */
  readonly wideRotary: boolean;
  /** Whether slices of a fused projection are taken one by one, as in phi3. */
  readonly slices: boolean;
  /** Whether keys and values, and what they are views of, are given back. */
  readonly cached: boolean;
  readonly settings: AttentionSettings;
}

/** Attention over normed hidden states. */
export function attentionLayer(
  m: Machine,
  x: Value,
  plan: AttentionPlan,
  table: RotaryTable | null,
): Value {
  const rows = plan.heads.batch * plan.heads.queries;
  return m.within("attention activations", () =>
    m.call(() => {
      let [q, k, v] = projected(m, x, rows, plan);
      if (plan.qNorm) {
        q = normedHeads(m, q, plan.qNorm, rows, plan.heads.heads, "q norm");
      }
      if (plan.kNorm) {
        k = normedHeads(m, k, plan.kNorm, rows, plan.heads.kvHeads, "k norm");
      }
      if (table && plan.rotary !== "none") {
        const turned = turnedHeads(m, [q, k], plan, table);
        m.drop(q, k);
        [q, k] = turned;
      }
      if (plan.cached && "q" in plan.projections) {
        m.giveBack(k);
        m.giveBack(v);
      }
      let out = attention(m, [q, k, v], plan.heads, plan.settings);
      if (plan.rotary === "part") {
        // Joined heads lie head by head, and so does what the kernel gives.
        const byToken = copied(m, out, "attention output by token");
        m.drop(out);
        out = byToken;
      }
      return adaptedLinear(m, out, rows, plan.o);
    }));
}

/** Queries and keys, turned by their positions. */
function turnedHeads(
  m: Machine,
  heads: readonly [Value, Value],
  plan: AttentionPlan,
  table: RotaryTable,
): [Value, Value] {
  const own = plan.repeatedTables
    ? {
      cos: copied(m, table.cos, "repeated cosines"),
      sin: copied(m, table.sin, "repeated sines"),
    }
    : table;
  const turned = heads.map((head, at) =>
    m.call(() => {
      const label = at === 0 ? "rotated queries" : "rotated keys";
      const wide = plan.wideRotary ? cast(m, head, "fp32", label) : head;
      const result = plan.rotary === "part"
        ? partlyRotated(m, wide, own, plan.rotaryShare, label)
        : rotated(m, wide, own, label);
      return plan.wideRotary ? cast(m, result, head.dtype, label) : result;
    })
  );
  if (plan.repeatedTables) m.drop(own.cos, own.sin);
  return turned as [Value, Value];
}

function projected(
  m: Machine,
  x: Value,
  rows: number,
  { projections, heads, slices, cached }: AttentionPlan,
): [Value, Value, Value] {
  if ("q" in projections) {
    return [
      adaptedLinear(m, x, rows, projections.q, "queries"),
      adaptedLinear(m, x, rows, projections.k, "keys"),
      adaptedLinear(m, x, rows, projections.v, "values"),
    ];
  }
  const qkv = adaptedLinear(
    m,
    x,
    rows,
    projections.qkv,
    "queries, keys, values",
  );
  const sizes = [
    rows * heads.heads * heads.width,
    rows * heads.kvHeads * heads.width,
    rows * heads.kvHeads * heads.valueWidth,
  ];
  const pieces = slices
    ? sizes.map((size) => slice(m, qkv, size))
    : split(m, qkv, sizes);
  if (cached) m.giveBack(qkv);
  m.drop(qkv);
  return pieces as [Value, Value, Value];
}

/** A norm of each head, or of all heads side by side. */
function normedHeads(
  m: Machine,
  x: Value,
  own: Norm,
  rows: number,
  heads: number,
  label: string,
): Value {
  const whole = (own.weight?.elements ?? 0) * rows === x.elements;
  const result = norm(m, x, whole ? rows : rows * heads, own, label);
  m.drop(x);
  return result;
}
