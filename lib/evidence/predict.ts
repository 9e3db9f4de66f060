import type { Estimate } from "../answer/estimate.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import type { Case, CaseReading } from "./case.ts";
import type { Figure } from "./figure.ts";
import { figureOf } from "./figure.ts";

/** Answers a Scenario's input. */
export type Estimator = (scenario: unknown) => Result<Estimate>;

/** One reading of a case beside what a method says of it. */
export interface Prediction {
  method: string;
  case: Case;
  reading: CaseReading;
  /** Whether the reading is the case's own figure, rather than one of its phases. */
  headline: boolean;
  /** Null where the method could not predict it. */
  figure: Figure | null;
  /** Predicted ÷ measured − 1. */
  error: number | null;
  /** Why it could not be predicted. */
  reason: string | null;
}

/**
 * Predicts every reading of every case with one method. None is left out: what
 * cannot be predicted carries the reason.
 *
 * @param method Goes into each case's scenario.
 */
export function predictAll(
  cases: readonly Case[],
  method: string,
  estimate: Estimator,
): Prediction[] {
  return cases.flatMap((one) => {
    const answer = answerOf(one, method, estimate);
    return one.readings.map((reading, at) => {
      const found = reading.bytes === 0
        ? "nothing was measured: 0 bytes"
        : typeof answer === "string"
        ? answer
        : figureOf(answer, reading.counter);
      const predicted = typeof found === "string" ? null : found;
      return {
        method,
        case: one,
        reading,
        headline: at === 0,
        figure: predicted,
        error: predicted && predicted.bytes / reading.bytes - 1,
        reason: typeof found === "string" ? found : null,
      };
    });
  });
}

/** The method's own estimate, or why there is none. */
function answerOf(
  { scenario }: Case,
  method: string,
  estimate: Estimator,
): Estimate | string {
  let result: Result<Estimate>;
  try {
    result = estimate({ ...scenario, method });
  } catch (error) {
    return `it failed: ${error instanceof Error ? error.message : error}`;
  }
  if (!result.ok) {
    return result.problems.map(({ message }) => message).join("; ");
  }
  if (result.value.method === method) return result.value;
  return result.value.warnings.find((warning) =>
    warning.startsWith(`method "${method}"`)
  ) ?? `the ${result.value.method} method answered instead`;
}
