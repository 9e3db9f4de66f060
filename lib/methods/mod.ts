import type { Result } from "../scenario/parse_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import { engineFormulas } from "./engine_formulas/mod.ts";
import { factors } from "./factors/mod.ts";
import type { Answer, Method, Question } from "./method.ts";
import { multipliers } from "./multipliers/mod.ts";
import { ruleOfThumb } from "./rule_of_thumb/mod.ts";
import { timeline } from "./timeline/mod.ts";
import { withNamedFormat } from "../scenario/weight_format.ts";

/** The name of a method. */
export type MethodName = Scenario["method"];

/** Methods by name, those that there are. */
export type Methods = Readonly<Partial<Record<MethodName, Method>>>;

/** Every method that there is. */
export const METHOD_BY_NAME: Methods = {
  timeline,
  factors: byName(factors),
  "engine-formulas": byName(engineFormulas),
  multipliers: byName(multipliers),
  "rule-of-thumb": byName(ruleOfThumb),
};

/** Answers where the method asked for does not. */
const FALLBACK = { name: "factors", method: byName(factors) } as const;

/** A method that knows formats by name alone, and no checkpoint as published. */
function byName<M extends Method>(
  method: M,
): (question: Question) => ReturnType<M> {
  return (question) =>
    method({
      ...question,
      scenario: withNamedFormat(question.scenario),
    }) as ReturnType<M>;
}

/** An answer, and the method that gave it. */
export interface Answered extends Answer {
  method: MethodName;
}

/**
 * Answers with the method that the scenario asks for. Where there is none, or it
 * does not model this scenario, the factors method answers and a warning says so.
 *
 * @param methods Every method that there is, unless told otherwise.
 */
export function answerTo(
  question: Question,
  methods: Methods = METHOD_BY_NAME,
): Result<Answered> {
  const asked = question.scenario.method;
  const result = methods[asked]?.(question);
  if (result && !("uncovered" in result)) return named(result, asked, []);
  const why = result
    ? `does not answer here, because ${result.uncovered}`
    : "is not available yet";
  return named(FALLBACK.method(question), FALLBACK.name, [
    `method "${asked}" ${why}: the ${FALLBACK.name} method answered`,
  ]);
}

function named(
  result: Result<Answer>,
  method: MethodName,
  warnings: readonly string[],
): Result<Answered> {
  if (!result.ok) return result;
  const { value } = result;
  return {
    ok: true,
    value: { ...value, method, warnings: [...warnings, ...value.warnings] },
  };
}
