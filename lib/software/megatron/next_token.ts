import type { Machine } from "../../play/torch/machine.ts";
import { join, scaled, slice } from "../../play/torch/ops/arithmetic.ts";
import type { Norm } from "../../play/torch/ops/norms.ts";
import { norm } from "../../play/torch/ops/norms.ts";
import type { Parameter, Value } from "../../play/torch/values.ts";
import { layer } from "./layer.ts";
import { gatheredByFeature } from "./exchanged.ts";
import { columnParallel } from "./linear.ts";
import type { LayerPart, MatrixPart, Shares } from "./shares.ts";
import { ownTokens, tokensOf } from "./shares.ts";
import { lookedUp } from "./table.ts";

/** A layer that predicts the token after the next one. */
export interface NextTokenPart {
  readonly table: Parameter;
  readonly embeddingNorm: Norm;
  readonly hiddenNorm: Norm;
  /** From embeddings and hidden states side by side. */
  readonly projection: MatrixPart;
  readonly layer: LayerPart;
  readonly norm: Norm;
}

/**
 * Hidden states for the token after the next one.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/transformer/multi_token_prediction.py, MultiTokenPredictionLayer
 */
export function nextToken(
  m: Machine,
  x: Value,
  part: NextTokenPart,
  shares: Shares,
): Value {
  return m.call(() => {
    const rows = ownTokens(shares);
    const ids = m.create(tokensOf(shares), "int64", "ids of the next tokens");
    const embedded = lookedUp(m, part.table, ids, shares);
    const first = norm(m, embedded, rows, part.embeddingNorm, "embedding norm");
    m.drop(embedded);
    const second = norm(m, x, rows, part.hiddenNorm, "hidden norm");
    const both = join(m, [first, second], "embeddings and hidden states");
    m.drop(first, second);
    const given = projected(m, both, part.projection, shares);
    m.drop(both);
    const out = layer(m, given, part.layer, shares);
    m.drop(given);
    return norm(m, out, rows, part.norm, "final norm");
  });
}

/** The projection of all features, of this rank's tokens. */
function projected(
  m: Machine,
  x: Value,
  part: MatrixPart,
  shares: Shares,
): Value {
  return m.call(() => {
    const label = "projected hidden states";
    const own = columnParallel(m, x, part, shares, label);
    if (shares.tp === 1) return own;
    const all = gatheredByFeature(m, own, shares.tp, label);
    if (!shares.splitsTokens) return all;
    const cut = slice(m, all, all.elements / shares.tp);
    return scaled(m, cut, label);
  });
}

/** The first and the second half of hidden states of both predictions. */
export function bothPredictions(
  m: Machine,
  x: Value,
  part: NextTokenPart,
  shares: Shares,
): Value {
  const ahead = nextToken(m, x, part, shares);
  const both = join(m, [x, ahead], "hidden states of both predictions");
  m.drop(ahead);
  return both;
}

/**
 * Hidden states that let another loss join the backward pass.
 *
 * Source: multi_token_prediction.py, MTPLossAutoScaler
 */
export function carryingLoss(m: Machine, x: Value, loss: Value): Value {
  const node = m.record([x, loss], [loss], ([grad]) => [
    grad && x.source ? m.share(grad) : null,
    loss.source && m.grad(loss.source, 1, "fp32", "gradient of a further loss"),
  ]);
  return m.view(x, { source: node && { node, slot: 0 } });
}
