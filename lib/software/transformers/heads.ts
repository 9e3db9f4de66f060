import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import type { AdaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import {
  cast,
  copied,
  scaled,
  slice,
  split,
} from "../../play/torch/ops/arithmetic.ts";
import type { Norm } from "../../play/torch/ops/norms.ts";
import { norm } from "../../play/torch/ops/norms.ts";
import type { RotaryTable } from "../../play/torch/ops/rotary.ts";
import {
  partlyRotated,
  rotated,
  turnedByHalves,
} from "../../play/torch/ops/rotary.ts";
import type {
  AttentionPlan,
  HeadMaker,
  MadeHeads,
} from "../../play/layers/attention_plan.ts";

/** transformers' models: project, norm, turn; heads that share keys stay few. */
export const transformersHeads: HeadMaker = (m, x, plan, table) => {
  if ("asks" in plan.projections) {
    return askingHeads(m, x, plan, plan.projections.asks, table);
  }
  const { heads } = plan;
  const rows = heads.batch * heads.queries;
  const isInTurn = plan.normsEach && m.followsVariables;
  let [q, k, v] = isInTurn
    ? projectedInTurn(m, x, rows, plan)
    : projected(m, x, rows, plan);
  let gate: Value | null = null;
  if (plan.isGated) [q, gate] = cutFromGate(m, q);
  if (plan.gate) {
    gate = adaptedLinear(m, x, rows, plan.gate, "gate of the attention output");
  }
  if (plan.scalesKeys) {
    const multiplied = scaled(m, k, "multiplied keys");
    m.drop(k);
    k = multiplied;
  }
  const sizes = plan.fused === "grouped"
    ? { ...heads, kvHeads: heads.heads }
    : heads;
  const normBoth = () => {
    if (plan.qNorm) {
      q = normedHeads(m, q, plan.qNorm, rows, heads.heads, "q norm");
    }
    if (plan.kNorm) {
      k = normedHeads(m, k, plan.kNorm, rows, heads.kvHeads, "k norm");
    }
    if (plan.vNorm) {
      v = normedHeads(m, v, plan.vNorm, rows, heads.kvHeads, "v norm");
    }
  };
  if (!plan.normsTurned && !isInTurn) normBoth();
  if (table && plan.rotary !== "none") {
    const turned = turnedHeads(m, [q, k], plan, table);
    if (!m.followsVariables || !plan.holdsUnturned) m.drop(q, k);
    [q = q, k = k] = turned;
  }
  if (plan.normsTurned) normBoth();
  plan.gives?.(m, k, v);
  if (plan.cached && "q" in plan.projections) {
    m.giveBack(k);
    m.giveBack(v);
  }
  return {
    heads: [q, k, v],
    sizes,
    byHead: plan.rotary === "halves" ||
      plan.rotary === "part" && !plan.turnsByToken,
    gate,
  };
};

/** Each head's queries and its gate, which is laid out by itself. */
function cutFromGate(m: Machine, both: Value): [Value, Value] {
  const half = both.elements / 2;
  const [q, gate] = split(m, both, [half, half]) as [Value, Value];
  const laid = copied(m, gate, "gate by head");
  m.drop(both, gate);
  return [q, laid];
}

/** Queries of this layer, that ask for keys and values of an earlier one. */
function askingHeads(
  m: Machine,
  x: Value,
  plan: AttentionPlan,
  asks: AdaptedLinear,
  table: RotaryTable | null,
): MadeHeads {
  const { heads, qNorm, takes } = plan;
  const rows = heads.batch * heads.queries;
  let q = adaptedLinear(m, x, rows, asks, "queries");
  if (qNorm) q = normedHeads(m, q, qNorm, rows, heads.heads, "q norm");
  if (table && plan.rotary !== "none") {
    const [turned = q] = turnedHeads(m, [q], plan, table);
    m.drop(q);
    q = turned;
  }
  if (!takes) throw new RangeError("no layer hands its keys and values on");
  const [keys, values] = takes(m);
  const kvHeads = keys.elements / (heads.batch * heads.keys * heads.width);
  return {
    heads: [q, keys, values],
    sizes: { ...heads, kvHeads },
    byHead: false,
  };
}

/** Queries and keys, turned by their positions. */
function turnedHeads(
  m: Machine,
  heads: readonly Value[],
  plan: AttentionPlan,
  table: RotaryTable,
): Value[] {
  const repeatedTable = () => ({
    cos: copied(m, table.cos, "repeated cosines"),
    sin: copied(m, table.sin, "repeated sines"),
  });
  const shared = plan.repeatedTables && !plan.turnsByToken
    ? repeatedTable()
    : table;
  const turned = heads.map((head, at) =>
    m.call(() => {
      const label = at === 0 ? "rotated queries" : "rotated keys";
      const own = plan.turnsByToken ? repeatedTable() : shared;
      // Products with tables in fp32 are wide, whatever heads are.
      if (plan.wideRotary && plan.rotary === "whole" && m.followsVariables) {
        const turnedWide = rotated(m, head, inFp32(own), label, plan.kernels);
        return cast(m, turnedWide, head.dtype, label);
      }
      const wide = plan.wideRotary ? cast(m, head, "fp32", label) : head;
      const result = plan.rotary === "part"
        ? partlyRotated(m, wide, own, plan.rotaryShare, label)
        : plan.rotary === "halves"
        ? turnedByHalves(m, wide, own, label)
        : rotated(m, wide, own, label, plan.kernels);
      return plan.wideRotary ? cast(m, result, head.dtype, label) : result;
    })
  );
  if (shared !== table) m.drop(shared.cos, shared.sin);
  return turned;
}

/** Tables that were made in fp32. */
function inFp32({ cos, sin }: RotaryTable): RotaryTable {
  return { cos: { ...cos, dtype: "fp32" }, sin: { ...sin, dtype: "fp32" } };
}

/** The same where code norms queries before it makes keys. */
function projectedInTurn(
  m: Machine,
  x: Value,
  rows: number,
  plan: AttentionPlan,
): [Value, Value, Value] {
  const { projections, heads, qNorm, kNorm } = plan;
  if (!("q" in projections)) return projected(m, x, rows, plan);
  const q = adaptedLinear(m, x, rows, projections.q, "queries");
  const asked = qNorm
    ? normedHeads(m, q, qNorm, rows, heads.heads, "q norm")
    : q;
  const k = adaptedLinear(m, x, rows, projections.k, "keys");
  const seen = kNorm
    ? normedHeads(m, k, kNorm, rows, heads.kvHeads, "k norm")
    : k;
  return [asked, seen, adaptedLinear(m, x, rows, projections.v, "values")];
}

function projected(
  m: Machine,
  x: Value,
  rows: number,
  { projections, heads, fused, cached, keysAreValues }: AttentionPlan,
): [Value, Value, Value] {
  if ("q" in projections) {
    return [
      adaptedLinear(m, x, rows, projections.q, "queries"),
      ...keysAndValues(m, x, rows, projections, keysAreValues),
    ];
  }
  if ("asks" in projections) {
    throw new RangeError("a layer without keys projects no heads of them");
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
  const pieces = cut(m, qkv, sizes, fused);
  if (cached) m.giveBack(qkv);
  // A variable of the code; what autograd keeps stands as long anyway.
  if (!m.followsVariables) m.drop(qkv);
  return pieces as [Value, Value, Value];
}

function keysAndValues(
  m: Machine,
  x: Value,
  rows: number,
  { k, v }: { readonly k: AdaptedLinear; readonly v: AdaptedLinear },
  isOne = false,
): [Value, Value] {
  const keys = adaptedLinear(m, x, rows, k, "keys");
  return [
    keys,
    isOne ? m.view(keys) : adaptedLinear(m, x, rows, v, "values"),
  ];
}

/** Queries, keys and values of what a fused projection gave. */
function cut(
  m: Machine,
  qkv: Value,
  sizes: readonly number[],
  fused: AttentionPlan["fused"],
): Value[] {
  switch (fused) {
    case "split":
      return split(m, qkv, sizes);
    case "slices":
      return sizes.map((size) => slice(m, qkv, size));
    case "picked":
      return sizes.map((size, at) =>
        at === 0 ? slice(m, qkv, size) : picked(m, qkv, size)
      );
    case "grouped":
      return sizes.map((size, at) =>
        m.call(() => {
          const [queries = size] = sizes;
          const own = at === 0
            ? slice(m, qkv, size)
            : spread(m, picked(m, qkv, size), queries);
          return copied(m, own, "heads of all groups");
        })
      );
  }
}

/** A part of x that is picked by an index, which is kept on the device. */
function picked(m: Machine, x: Value, elements: number): Value {
  return m.call(() => {
    const index = m.create(1, "int64", "index of heads");
    const node = m.record(
      [x],
      [index],
      () => [m.grad(x.source, x.elements, x.dtype, "gradient of picked heads")],
    );
    return m.create(
      elements,
      x.dtype,
      "picked heads",
      node && { node, slot: 0 },
    );
  });
}

/** The same heads for all queries, without a copy; gradients are summed. */
function spread(m: Machine, x: Value, elements: number): Value {
  const node = m.record(
    [x],
    [],
    () => [m.grad(x.source, x.elements, x.dtype, "gradient of spread heads")],
  );
  return m.view(x, { elements, source: node && { node, slot: 0 } });
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
