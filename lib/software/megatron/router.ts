import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import { cast } from "../../play/torch/ops/arithmetic.ts";
import type { ExpertsPart } from "./shares.ts";

/** What a router says of each of a rank's tokens. */
export interface ExpertChoice {
  /** A weight for each expert, most of them nought. */
  readonly weights: Value;
  /** Whether a token goes to an expert: a byte each. */
  readonly map: Value;
}

/**
 * Chooses the experts of so many tokens; the loss that balances them keeps their
 * softmax in fp32.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/transformer/moe/router.py, TopKRouter.routing; moe_utils.py,
 * topk_routing_with_score_function, compute_routing_scores_for_aux_loss
 */
export function chosenExperts(
  m: Machine,
  x: Value,
  rows: number,
  { router, experts, perToken }: ExpertsPart,
): ExpertChoice {
  const all = rows * experts;
  const chosen = rows * perToken;
  const matrix = m.parameter(router);
  const gate = m.record([x, matrix], [x, matrix], () => [
    m.grad(x.source, x.elements, x.dtype, "gradient at the router"),
    matrix.source &&
    m.grad(matrix.source, router.elements, router.dtype, "router gradient"),
  ]);
  const logits = m.create(
    all,
    x.dtype,
    "router logits",
    gate && { node: gate, slot: 0 },
  );
  // topk saves its indices, softmax what it gave.
  const indices = m.create(chosen, "int64", "chosen experts");
  const best = saving(m, logits, [indices], chosen, x.dtype, "best scores");
  const soft = softmaxOf(m, best, "weights of the chosen");
  m.drop(best);
  const narrow = cast(m, soft, x.dtype, "weights of the chosen");
  m.drop(soft);
  const empty = m.create(all, x.dtype, "nought");
  const weights = saving(m, narrow, [indices], all, x.dtype, "expert weights");
  m.drop(narrow, empty);
  const map = mapOf(m, all);
  if (!m.recording) {
    m.drop(logits, indices);
    return { weights, map };
  }
  // The loss that balances experts: its gradient joins the weights'.
  const scores = softmaxOf(m, logits, "scores for the balancing loss");
  const again = mapOf(m, all);
  const counts = m.create(experts, "int64", "tokens of each expert");
  const loss = m.record([scores], [counts], () => [
    m.grad(scores.source, all, "fp32", "gradient of the scores"),
  ]);
  const node = m.record(
    [weights, { ...scores, source: loss && { node: loss, slot: 0 } }],
    [],
    ([grad]) => [
      grad ? m.share(grad) : null,
      m.grad(null, experts, "fp32", "gradient of the balancing loss"),
    ],
  );
  const joined = m.view(weights, { source: node && { node, slot: 0 } });
  m.drop(logits, indices, scores, again, counts, weights);
  return { weights: joined, map };
}

/** An operation that saves what its backward pass picks places by. */
function saving(
  m: Machine,
  x: Value,
  saved: readonly Value[],
  elements: number,
  dtype: Value["dtype"],
  label: string,
): Value {
  const node = m.record([x], saved, () => [
    m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`),
  ]);
  return m.create(elements, dtype, label, node && { node, slot: 0 });
}

/** A softmax in fp32 of a narrower tensor: its gradient comes in that type. */
function softmaxOf(m: Machine, x: Value, label: string): Value {
  const out = m.create(x.elements, "fp32", label);
  const node = m.record([x], [out], () => {
    const wide = m.grad(null, x.elements, "fp32", `gradient of ${label}`);
    const given = m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`);
    m.free(wide);
    return [given];
  });
  out.source = node && { node, slot: 0 };
  return out;
}

/** zeros_like(logits).int().scatter(…).bool() */
function mapOf(m: Machine, elements: number): Value {
  const zeros = m.create(elements, "int32", "nought");
  const ones = m.create(elements, "int32", "map of tokens");
  m.drop(zeros);
  const map = m.create(elements, "uint8", "map of tokens");
  m.drop(ones);
  return map;
}
