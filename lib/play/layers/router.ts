import type { Machine } from "../torch/machine.ts";
import type { Parameter, Value } from "../torch/values.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import type { ParameterAdapter } from "../torch/ops/adapted_parameter.ts";
import { withUpdate } from "../torch/ops/adapted_parameter.ts";
import {
  cast,
  multiply,
  savingOutput,
  scaled,
} from "../torch/ops/arithmetic.ts";
import { gathered } from "../torch/ops/gather.ts";
import { product } from "../torch/ops/linear.ts";
import type { Norm } from "../torch/ops/norms.ts";
import { norm } from "../torch/ops/norms.ts";
import { softmax } from "../torch/ops/softmax.ts";
import type { Routing } from "../../models/families/code/experts.ts";

/** What chooses the experts of each row. */
export interface RouterPlan {
  readonly scores: AdaptedLinear;
  /** Of a matrix that lies in no linear layer: transformers 5. */
  readonly adapter: ParameterAdapter | null;
  readonly perToken: number;
  readonly routing: Routing;
  /** Whether its weights stay in fp32: Mixtral. */
  readonly wideWeights: boolean;
  /** What scales rows before they are scored, and weights after; else nothing. */
  readonly scales?: RouterScales | null;
}

/** Rows are normed and scaled before they are scored, weights by expert. */
export interface RouterScales {
  readonly norm: Norm;
  readonly rows: Parameter;
  readonly experts: Parameter;
}

/** The weights of the chosen experts of every row: they sum to one. */
export function routed(
  m: Machine,
  x: Value,
  rows: number,
  plan: RouterPlan,
): Value {
  const { scales } = plan;
  return scales
    ? m.call(() => scaledWeights(m, x, rows, plan, scales))
    : scored(m, x, rows, plan);
}

/**
 * Weights that are scaled by their expert, of rows that were normed and scaled.
 *
 * Source: huggingface/transformers models/gemma4/modeling_gemma4.py,
 * Gemma4TextRouter.forward
 */
function scaledWeights(
  m: Machine,
  x: Value,
  rows: number,
  plan: RouterPlan,
  { norm: own, rows: byFeature, experts }: RouterScales,
): Value {
  const normed = norm(m, x, rows, own, "router norm");
  const times = multiply(m, normed, m.parameter(byFeature), "scaled rows");
  m.drop(normed);
  const input = scaled(m, times, "router input");
  m.drop(times);
  const top = scored(m, input, rows, plan);
  const divided = shares(m, top, rows);
  const many = rows * plan.perToken;
  const each = gathered(m, m.parameter(experts), many, many, "experts' scales");
  return multiply(m, divided, each, "scaled weights");
}

function scored(
  m: Machine,
  x: Value,
  rows: number,
  plan: RouterPlan,
): Value {
  const { scores, adapter, routing: { wide: isWide } } = plan;
  const { weight } = scores;
  const isPlain = !adapter && (!isWide || scores.adapter !== null);
  if (!("trains" in weight) || isPlain) {
    return chosen(
      m,
      x,
      rows,
      plan,
      () => adaptedLinear(m, x, rows, scores, LABEL),
    );
  }
  return withUpdate(
    m,
    weight,
    adapter,
    (read) =>
      chosen(m, x, rows, plan, () => {
        if (!isWide) return product(m, x, rows, scores, read(), LABEL);
        const wide = cast(m, x, "fp32", "router input in fp32");
        const matrix = cast(m, read(), "fp32", "router weight in fp32");
        return product(m, wide, rows, scores, matrix, LABEL);
      }),
  );
}

const LABEL = "router scores";

function chosen(
  m: Machine,
  x: Value,
  rows: number,
  { perToken, wideWeights, routing }: RouterPlan,
  score: () => Value,
): Value {
  return m.call(() => {
    const many = rows * perToken;
    const scores = score();
    if (routing.late) return shared(m, scores, many);
    if (routing.plain) return plainShares(m, scores, many, rows);
    if (routing.every) return everyWeight(m, scores, many);
    const chances = routing.sigmoid
      ? sigmoids(m, scores, routing.wide)
      : softmax(m, scores, true, "router softmax");
    m.drop(scores);
    const picks = m.create(many, "int64", "chosen experts");
    const { elements, dtype } = chances;
    const node = m.record([chances], [picks], () => [
      m.grad(chances.source, elements, dtype, "gradient of router softmax"),
    ]);
    const top = m.create(
      many,
      dtype,
      "weights of chosen experts",
      node && { node, slot: 0 },
    );
    if (routing.sigmoid) return shares(m, top, rows);
    return wideWeights
      ? m.view(top)
      : cast(m, top, m.autocast ?? x.dtype, "weights of chosen experts");
  });
}

/** The softmax of so many chosen scores: gpt-oss. */
function shared(m: Machine, scores: Value, many: number): Value {
  return m.call(() => {
    const picks = m.create(many, "int64", "chosen experts");
    const { elements, dtype } = scores;
    const node = m.record([scores], [picks], () => [
      m.grad(scores.source, elements, dtype, "gradient of router scores"),
    ]);
    const source = node && { node, slot: 0 };
    const top = m.create(many, dtype, "chosen scores", source);
    return savingOutput(m, top, "weights of chosen experts");
  });
}

/**
 * Sigmoids that a bias in fp32 chooses among, each divided by its row's sum.
 *
 * Source: huggingface/transformers models/lfm2_moe/modeling_lfm2_moe.py,
 * Lfm2MoeTopKRouter
 */
function plainShares(
  m: Machine,
  scores: Value,
  many: number,
  rows: number,
): Value {
  return m.call(() => {
    const { elements, dtype } = scores;
    const chances = savingOutput(m, scores, "router sigmoids");
    m.create(elements, "fp32", "router sigmoids with their bias");
    m.create(many, "fp32", "largest sigmoids with their bias");
    const picks = m.create(many, "int64", "chosen experts");
    const node = m.record([chances], [picks], () => [
      m.grad(chances.source, elements, dtype, "gradient of router sigmoids"),
    ]);
    const source = node && { node, slot: 0 };
    const top = m.create(many, dtype, "chosen sigmoids", source);
    const sum = m.create(rows, dtype, "sum of chosen sigmoids");
    const divided = m.record([top], [top, sum], () => [
      m.grad(top.source, many, dtype, "gradient of shares"),
    ]);
    const share = m.create(
      many,
      dtype,
      "shares of chosen sigmoids",
      divided && { node: divided, slot: 0 },
    );
    return scaled(m, share, "scaled shares");
  });
}

/** Sigmoids of the chosen scores, nought for the others. */
function everyWeight(m: Machine, scores: Value, many: number): Value {
  return m.call(() => {
    const { elements, dtype } = scores;
    const picks = m.create(many, "int64", "chosen experts");
    const node = m.record([scores], [picks], () => [
      m.grad(scores.source, elements, dtype, "gradient of router scores"),
    ]);
    const source = node && { node, slot: 0 };
    const all = m.create(elements, dtype, "chosen scores", source);
    const wide = cast(m, all, "fp32", "chosen scores in fp32");
    const chances = savingOutput(m, wide, "router sigmoids");
    m.drop(wide);
    return cast(m, chances, dtype, "weights of all experts");
  });
}

/**
 * Scores between 0 and 1 in fp32, but of products in fp32, which autocast narrows.
 */
function sigmoids(m: Machine, scores: Value, isWide: boolean): Value {
  return m.call(() => {
    const wide = isWide
      ? m.view(scores)
      : cast(m, scores, "fp32", "router scores in fp32");
    return savingOutput(m, wide, "router sigmoids");
  });
}

/** Each weight's share of its row's sum, which is divided in place. */
function shares(m: Machine, top: Value, rows: number): Value {
  return m.call(() => {
    const { elements, dtype } = top;
    const sum = m.create(rows, "fp32", "sum of chosen weights");
    const own = m.create(elements, dtype, "shares of chosen weights");
    const node = m.record([top], [sum, own], () => [
      m.grad(top.source, elements, dtype, "gradient of shares"),
    ]);
    return m.create(
      elements,
      dtype,
      "scaled shares",
      node && { node, slot: 0 },
    );
  });
}
