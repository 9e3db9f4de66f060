import type { Problem } from "./problem.ts";

/** The contract's shape of a refused Scenario. */
export interface Refusal {
  /** The first problem; further ones stand in `more`. */
  error: Problem & { more?: Problem[] };
}

/** Writes problems as the doors for programs answer them. */
export function refusalOf(problems: readonly Problem[]): Refusal {
  const [first, ...more] = problems;
  const { path, message } = first ??
    { path: "", message: "The scenario is not valid" };
  return { error: { path, message, ...(more.length > 0 ? { more } : {}) } };
}
