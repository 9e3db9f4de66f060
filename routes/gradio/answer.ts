import { estimateOnHub } from "../../hub/estimate.ts";
import type { Hub } from "../../hub/mod.ts";
import type { GivenFlag, Problem, Result } from "../../lib/mod.ts";
import { fromFlags } from "../../lib/mod.ts";
import { shown } from "../../lib/scenario/problem.ts";
import { verdictOf } from "../../templates/short_answer.ts";
import { readJson, refused } from "../api_body.ts";
import { PARAMETERS } from "./parameters.ts";

/** Answers arguments in their order: a verdict, and the Estimate of its GPU. */
export async function gradioAnswer(
  data: readonly unknown[],
  hub: Hub | null,
): Promise<Result<[verdict: string, estimate: object]>> {
  const input = inputOf(data);
  if (!input.ok) return input;
  const result = await estimateOnHub(input.value, hub);
  if (!result.ok) return named(result.problems);
  const { fit, ...rest } = result.value;
  return {
    ok: true,
    value: [verdictOf(result.value), { ...rest, fit: fit.slice(0, 1) }],
  };
}

/** Reads what a client sends as its `data`. */
export function gradioData(value: unknown): Result<unknown[]> {
  if (!Array.isArray(value)) {
    return refused(
      "data",
      `data must be a list: current value is ${shown(value)}`,
    );
  }
  return value.length > PARAMETERS.length
    ? refused(
      "data",
      `data must have at most ${PARAMETERS.length} values: current value has ${value.length}`,
    )
    : { ok: true, value };
}

function inputOf(data: readonly unknown[]): Result<Record<string, unknown>> {
  const given: GivenFlag[] = [];
  let base: Record<string, unknown> = {};
  for (const [at, { name, flag }] of PARAMETERS.entries()) {
    const value = data[at] ?? "";
    if (value === "") continue;
    if (!flag) {
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
  return { ok: true, value: fromFlags(given, base) };
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
  problems: readonly Problem[],
): { ok: false; problems: Problem[] } {
  return {
    ok: false,
    problems: problems.map(({ path, message }) => {
      const own = PARAMETERS.find(({ flag }) => flag?.path === path);
      return own && message.startsWith(path)
        ? {
          path: own.name,
          message: `${own.name}${message.slice(path.length)}`,
        }
        : { path, message };
    }),
  };
}
