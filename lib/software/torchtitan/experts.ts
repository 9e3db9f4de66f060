import type { MoePlan, MoeRun } from "../../play/layers/moe_layer.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Parameter, Value } from "../../play/torch/values.ts";
import { activation } from "../../play/torch/ops/activations.ts";
import { cast, multiply, scaled } from "../../play/torch/ops/arithmetic.ts";
import { gathered } from "../../play/torch/ops/gather.ts";
import { groupedProduct } from "../../play/torch/ops/linear.ts";
import { softmax } from "../../play/torch/ops/softmax.ts";
import { output } from "../../play/torch/output.ts";

/**
 * torchtitan's experts: tokens in the experts' order, three grouped products, and
 * scores that weight what comes of them in fp32. Ranks that share the experts
 * exchange tokens before and after; each is taken to get as many as it gives.
 *
 * Sources: pytorch/torchtitan 0.3.0 torchtitan/models/common/moe.py, GroupedExperts,
 * TokenChoiceTopKRouter; token_dispatcher.py, LocalTokenDispatcher,
 * AllToAllTokenDispatcher
 *
 * @param ep Ranks that share the experts.
 */
export function torchtitanExperts(plan: MoePlan, ep: number): MoeRun | null {
  const { experts: { gateUp, down, hidden, width, experts }, shared } = plan;
  const isPlain = "trains" in gateUp.weight && "trains" in down.weight &&
    !gateUp.adapter && !down.adapter && !gateUp.bias && shared === null;
  if (!isPlain) return null;
  const local = experts / ep;
  const own = (
    weight: Parameter,
    name: string,
    shape: number[],
  ): Parameter => ({
    ...weight,
    name,
    shape,
    elements: local * hidden * width,
  });
  const inner = [local, width, hidden];
  const weights: Weights = [
    own(gateUp.weight as Parameter, "experts.w1", inner),
    own(gateUp.weight as Parameter, "experts.w3", inner),
    own(down.weight as Parameter, "experts.w2", [local, hidden, width]),
  ];
  return (m, x, rows) =>
    m.within(
      "expert activations",
      () => m.call(() => run(m, x, rows, plan, weights, ep)),
    );
}

type Weights = readonly [w1: Parameter, w3: Parameter, w2: Parameter];

function run(
  m: Machine,
  x: Value,
  rows: number,
  plan: MoePlan,
  weights: Weights,
  ep: number,
): Value {
  const { hidden, perToken } = plan.experts;
  const many = rows * perToken;
  const scores = scoresOf(m, x, rows, plan);
  const ordered = gathered(m, scores, many, many, "scores by expert");
  const mine = gathered(m, x, many * hidden, many, "tokens by expert");
  const given = ep > 1 ? exchanged(m, mine, many) : mine;
  const made = network(m, given, many, plan, weights);
  m.drop(given);
  const back = ep > 1 ? exchangedBack(m, made, many) : m.view(made);
  m.drop(made);
  const begun = m.create(x.elements, x.dtype, "output of experts");
  const wide = cast(m, back, "fp32", "outputs of experts in fp32");
  const weighted = multiply(m, wide, ordered, "weighted outputs in fp32");
  m.drop(wide);
  const narrow = cast(m, weighted, back.dtype, "weighted outputs");
  m.drop(weighted, back);
  const node = m.record([narrow], [], () => [
    m.grad(narrow.source, narrow.elements, narrow.dtype, "gradient of outputs"),
  ]);
  const source = node && { node, slot: 0 };
  const sum = m.create(x.elements, x.dtype, "output of experts", source);
  m.drop(begun, narrow);
  return sum;
}

/** The scores of the chosen experts, in fp32. */
function scoresOf(m: Machine, x: Value, rows: number, plan: MoePlan): Value {
  const { scores: gate, perToken } = plan.router;
  return m.call(() => {
    const many = rows * perToken;
    const wide = cast(m, x, "fp32", "router input in fp32");
    const weight = m.parameter(gate.weight as Parameter);
    const matrix = cast(m, weight, "fp32", "router weight in fp32");
    // A product that is always run again, and is not counted among the others.
    const scores = groupedProduct(m, wide, rows, gate, matrix, "router scores");
    m.drop(wide, matrix);
    const chances = softmax(m, scores, true, "router softmax");
    m.drop(scores);
    const choice = (dtype: Dtype, label: string) =>
      output(m, "choice", { elements: many, dtype, label });
    m.drop(choice("fp32", "highest scores"));
    const picks = choice("int64", "chosen experts");
    const chosen = m.record([chances], [picks], () => [
      m.grad(chances.source, chances.elements, "fp32", "gradient of softmax"),
    ]);
    const top = m.create(
      many,
      "fp32",
      "chosen scores",
      chosen && {
        node: chosen,
        slot: 0,
      },
    );
    const sum = m.create(rows, "fp32", "sums of chosen scores");
    const divided = m.record([top], [top, sum], () => [
      m.grad(top.source, many, "fp32", "gradient of shares"),
    ]);
    const shares = m.create(
      many,
      "fp32",
      "shares of scores",
      divided && {
        node: divided,
        slot: 0,
      },
    );
    return scaled(m, shares, "scaled scores");
  });
}

/** w2(silu(w1 x) × w3 x), each of all experts at once. */
function network(
  m: Machine,
  x: Value,
  many: number,
  { experts: { hidden, width, activation: kind } }: MoePlan,
  [w1, w3, w2]: Weights,
): Value {
  return m.call(() => {
    const times = (from: Value, weight: Parameter, out: number) =>
      groupedProduct(
        m,
        from,
        many,
        { name: weight.name, in: from.elements / many, out },
        m.parameter(weight),
        "output of experts' products",
      );
    const first = times(x, w1, width);
    const active = activation(m, first, kind, "expert activation");
    m.drop(first);
    const second = times(x, w3, width);
    const inner = multiply(m, active, second, "expert product");
    m.drop(active, second);
    return times(inner, w2, hidden);
  });
}

/** Tokens of all ranks for this rank's experts, put into the experts' order. */
function exchanged(m: Machine, x: Value, many: number): Value {
  return m.call(() => {
    const sent = sentOn(m, x, "tokens from all ranks");
    return gathered(m, sent, x.elements, many, "tokens by own expert");
  });
}

/** Their outputs in the order in which they came, sent back. */
function exchangedBack(m: Machine, x: Value, many: number): Value {
  return m.call(() => {
    const ordered = gathered(m, x, x.elements, many, "outputs by rank");
    return sentOn(m, ordered, "outputs from all ranks");
  });
}

function sentOn(m: Machine, x: Value, label: string): Value {
  const { elements, dtype } = x;
  const node = m.record([x], [], () => [
    m.grad(x.source, elements, dtype, `gradient of ${label}`),
  ]);
  const source = node && { node, slot: 0 };
  return output(m, "exchange", { elements, dtype, label, source });
}
