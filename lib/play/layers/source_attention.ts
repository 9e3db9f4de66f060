import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import { cast, copied, join, scaled, split } from "../torch/ops/arithmetic.ts";
import type {
  AttentionSettings,
  Heads,
  PositionBias,
} from "../torch/ops/attention/types.ts";
import { attention } from "../torch/ops/attention/attention.ts";
import { liesByToken } from "../torch/ops/attention/sdpa.ts";
import type { DisentangledPlan } from "./disentangled.ts";
import { disentangledAttention } from "./disentangled.ts";
import type { RotaryTable } from "../torch/ops/rotary.ts";
import { rotated } from "../torch/ops/rotary.ts";

/** Attention to a stack's own states, or to what an encoder has read. */
export interface SourceAttentionPlan {
  readonly projections:
    | { readonly qkv: AdaptedLinear }
    | {
      readonly q: AdaptedLinear;
      readonly k: AdaptedLinear;
      readonly v: AdaptedLinear;
    };
  readonly o: AdaptedLinear;
  readonly heads: Heads;
  readonly settings: AttentionSettings;
  /** Whether queries are scaled and heads copied, one head after the other. */
  readonly copiesHeads: boolean;
  /** Whether queries are scaled before they are turned. */
  readonly scalesQueries?: boolean;
  /** Whether heads are turned in fp32. */
  readonly turnsWide?: boolean;
  /** Whether keys and values are copied into a cache that is given back. */
  readonly caches: boolean;
  /** How distances join the scores; as a bias where it is left out. */
  readonly disentangled?: DisentangledPlan | null;
}

/**
 * Attention of normed hidden states, up to its last projection.
 *
 * @param source What keys and values are made of.
 */
export function sourceAttention(
  m: Machine,
  x: Value,
  source: Value,
  plan: SourceAttentionPlan,
  { table, bias, held }: {
    table: RotaryTable | null;
    bias: PositionBias | null;
    /** Takes the weights, which a layer's code refers to until its end. */
    held: Value[];
  },
): Value {
  const { heads, settings, copiesHeads, disentangled } = plan;
  return m.within("attention activations", () =>
    m.call(() => {
      if (disentangled) {
        return disentangledAttention(
          m,
          headsOf(m, x, source, plan, table),
          bias?.value ?? null,
          { ...disentangled, heads, dropout: settings.dropout },
        );
      }
      const made = headsOf(m, x, source, plan, table);
      let out = attention(m, made, heads, settings, bias, held);
      const { implementation, masked } = settings;
      if (copiesHeads && !liesByToken(implementation, masked, out.dtype)) {
        const ordered = copied(m, out, "attention output by token");
        m.drop(out);
        out = ordered;
      }
      return out;
    }));
}

function headsOf(
  m: Machine,
  x: Value,
  source: Value,
  plan: SourceAttentionPlan,
  table: RotaryTable | null,
): [Value, Value, Value] {
  const { projections, heads, settings, copiesHeads, caches, disentangled } =
    plan;
  const rows = heads.batch * heads.queries;
  if ("qkv" in projections) {
    const whole = adaptedLinear(
      m,
      x,
      rows,
      projections.qkv,
      "queries, keys, values",
    );
    // A batch's heads cannot be multiplied as they lie in the whole.
    const copies = settings.implementation === "eager" && heads.batch > 1;
    const each = whole.elements / 3;
    const [q, k, v] = split(m, whole, [each, each, each]) as [
      Value,
      Value,
      Value,
    ];
    m.drop(whole);
    const values = copies ? copied(m, v, "values by head") : v;
    if (copies) m.drop(v);
    if (!table) return [q, k, values];
    const turned = [q, k].map((head) => turnedWide(m, head, table));
    m.drop(q, k);
    return [...turned, values] as [Value, Value, Value];
  }
  const seen = heads.batch * heads.keys;
  let q = adaptedLinear(m, x, rows, projections.q, "queries");
  if (copiesHeads) q = replaced(m, q, scaled(m, q, "scaled queries"));
  if (copiesHeads || disentangled) {
    q = replaced(m, q, copied(m, q, "queries by head"));
  }
  const pair = (["k", "v"] as const).map((name) => {
    const label = name === "k" ? "keys" : "values";
    const plain = adaptedLinear(m, source, seen, projections[name], label);
    if (!copiesHeads && !disentangled) return plain;
    return replaced(m, plain, copied(m, plain, `${label} by head`));
  });
  const [k, v] = (caches ? pair.map((each) => cached(m, each)) : pair) as [
    Value,
    Value,
  ];
  if (caches) m.drop(...pair);
  if (!table) return [q, k, v];
  if (plan.scalesQueries) q = replaced(m, q, scaled(m, q, "scaled queries"));
  const turned = [q, k].map((head, at) =>
    plan.turnsWide
      ? turnedWide(m, head, table)
      : rotated(m, head, table, at === 0 ? "rotated queries" : "rotated keys")
  );
  m.drop(q, k);
  return [...turned, v] as [Value, Value, Value];
}

/** Joins keys or values to an empty cache, which the model gives back. */
function cached(m: Machine, x: Value): Value {
  const joined = join(m, [x], "cached heads");
  m.giveBack(joined);
  return joined;
}

function turnedWide(m: Machine, head: Value, table: RotaryTable): Value {
  return m.call(() => {
    const wide = cast(m, head, "fp32", "heads in fp32");
    const turned = rotated(m, wide, table, "rotated heads in fp32");
    m.drop(wide);
    return cast(m, turned, head.dtype, "rotated heads");
  });
}

function replaced(m: Machine, old: Value, value: Value): Value {
  m.drop(old);
  return value;
}
