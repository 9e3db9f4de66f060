import { tryEstimate } from "./estimate.ts";
import type { Case } from "../evidence/case.ts";
import type { Prediction } from "../evidence/predict.ts";
import { predictAll } from "../evidence/predict.ts";
import type { Scoreboard } from "../evidence/score.ts";
import { scoreboardOf } from "../evidence/score.ts";
import type { Unpredicted } from "../evidence/unpredicted.ts";
import { unpredictedOf } from "../evidence/unpredicted.ts";
import { METHOD_BY_NAME } from "../methods/mod.ts";

/** How well every method does over some cases. */
export interface Accuracy {
  cases: readonly Case[];
  methods: readonly string[];
  /** Every reading of every case by every method, predicted or not. */
  predictions: readonly Prediction[];
  board: Scoreboard;
  unpredicted: readonly Unpredicted[];
}

/** Predicts every case with every method, and scores them. */
export function accuracyOf(cases: readonly Case[]): Accuracy {
  const methods = Object.keys(METHOD_BY_NAME);
  const predictions = methods.flatMap((method) =>
    predictAll(cases, method, tryEstimate)
  );
  return {
    cases,
    methods,
    predictions,
    board: scoreboardOf(predictions),
    unpredicted: unpredictedOf(predictions),
  };
}
