import type { Context } from "hono";
import type { LiveAnswer } from "../hub/estimate_live.ts";
import type { Scenario } from "../lib/mod.ts";
import { findModel } from "../lib/mod.ts";

/** Kept by anybody for a minute; then asked for again by its tag. */
export const OF_ADDRESS = "public, max-age=60";

/** Says that an answer hangs on nothing but its address and this release. */
export function ofAddress(c: Context): void {
  c.header("Cache-Control", OF_ADDRESS);
}

/** The same of an answer to scenarios, unless a model of the Hub is among them. */
export function ofScenarios(
  c: Context,
  models: readonly Scenario["model"][],
  headers = false,
): void {
  const isKnown = (model: Scenario["model"]): boolean =>
    typeof model !== "string" || findModel(model) !== null;
  if (!headers && models.every(isKnown)) ofAddress(c);
}

/** The same of answers that a page shows, once they stand. */
export function ofAnswers(
  c: Context,
  answers: readonly LiveAnswer[],
  headers = false,
): void {
  const models = answers.flatMap((answer) =>
    answer.state === "answered" ? [answer.estimate.scenario.model] : []
  );
  if (models.length === answers.length) ofScenarios(c, models, headers);
}
