import type { Hub } from "../../hub/mod.ts";
import type { GivenFlag, Problem, Result } from "../../lib/mod.ts";
import { fromFlags } from "../../lib/mod.ts";
import { shown } from "../../lib/scenario/problem.ts";
import { readJson, refused } from "../api_body.ts";
import type { GradioAsked, GradioEndpoint } from "./endpoints.ts";
import { SCENARIO_PARAMETER } from "./parameters.ts";

/** An endpoint's answer, and how many things were tried for it. */
export interface GradioAnswered {
  readonly data: [words: string, answer: object];
  readonly steps: number;
}

/** Answers arguments in their order: a sentence, and an object. */
export async function gradioAnswer(
  endpoint: GradioEndpoint,
  data: readonly unknown[],
  hub: Hub | null,
): Promise<Result<GradioAnswered>> {
  const asked = askedOf(endpoint, data);
  if (!asked.ok) return asked;
  let steps = 0;
  const result = await endpoint.answer(asked.value, hub, () => steps++);
  return result.ok
    ? { ok: true, value: { data: result.value, steps } }
    : named(endpoint, result.problems);
}

/** Reads what a client sends as its `data`. */
export function gradioData(
  { parameters }: GradioEndpoint,
  value: unknown,
): Result<unknown[]> {
  if (!Array.isArray(value)) {
    return refused(
      "data",
      `data must be a list: current value is ${shown(value)}`,
    );
  }
  return value.length > parameters.length
    ? refused(
      "data",
      `data must have at most ${parameters.length} values: current value has ${value.length}`,
    )
    : { ok: true, value };
}

function askedOf(
  { parameters }: GradioEndpoint,
  data: readonly unknown[],
): Result<GradioAsked> {
  const given: GivenFlag[] = [];
  const beside: Record<string, unknown> = {};
  let base: Record<string, unknown> = {};
  for (const [at, { name, flag }] of parameters.entries()) {
    const value = data[at] ?? "";
    if (value === "") continue;
    if (name === SCENARIO_PARAMETER) {
      const scenario = scenarioOf(value);
      if (!scenario.ok) return scenario;
      base = scenario.value;
      continue;
    }
    if (!["string", "number", "boolean"].includes(typeof value)) {
      return refused(
        name,
        `${name} must be a text, a number or a switch: current value is ${
          shown(value)
        }`,
      );
    }
    if (!flag) {
      beside[name] = value;
      continue;
    }
    const text = String(value);
    if (flag.allowed && !flag.allowed.includes(text.toLowerCase())) {
      return refused(
        name,
        `${name} must be one of ${flag.allowed.join(", ")}: current value is ${
          shown(value)
        }`,
      );
    }
    given.push({ flag, text });
  }
  return { ok: true, value: { input: fromFlags(given, base), beside } };
}

/** A scenario as text, or as the object that it is. */
function scenarioOf(value: unknown): Result<Record<string, unknown>> {
  const read = typeof value === "string"
    ? readJson(value, "")
    : { ok: true as const, value };
  const isObject = read.ok && typeof read.value === "object" &&
    read.value !== null && !Array.isArray(read.value);
  return isObject
    ? { ok: true, value: read.value as Record<string, unknown> }
    : refused("scenario", "scenario must be a Scenario in JSON");
}

/** Problems by the arguments' names, where a field has one. */
function named(
  { parameters }: GradioEndpoint,
  problems: readonly Problem[],
): { ok: false; problems: Problem[] } {
  return {
    ok: false,
    problems: problems.map(({ path, message }) => {
      const own = parameters.find(({ flag }) => flag?.path === path);
      return own && message.startsWith(path)
        ? {
          path: own.name,
          message: `${own.name}${message.slice(path.length)}`,
        }
        : { path, message };
    }),
  };
}
