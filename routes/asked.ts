import { estimateOnHub, resolveOnHub } from "../hub/estimate.ts";
import type { Hub } from "../hub/mod.ts";
import type {
  Advice,
  Difference,
  Estimate,
  Explanation,
  GpuLayouts,
  Largest,
  Problem,
  Result,
} from "../lib/mod.ts";
import {
  adviceInTurns,
  ASKED,
  differencesOf,
  explainInTurns,
  fieldProblem,
  largestInTurns,
  MAX_COMPARED,
  readError,
  strategiesInTurns,
} from "../lib/mod.ts";
import { resolveModel } from "../lib/models/resolve_model.ts";
import { isObject } from "../lib/scenario/fields.ts";
import { MAX_DEVICES } from "../lib/scenario/limits.ts";
import { shown } from "../lib/scenario/problem.ts";
import { inside, refused } from "./api_body.ts";
import { breathe } from "./breathe.ts";

/** Scenarios side by side. */
export interface Compared {
  estimates: Estimate[];
  /** The fields in which they differ; null where one has no such field. */
  differences: Difference[];
}

/** Estimates several scenarios, and says in what they differ. */
export async function compareOnHub(
  scenarios: unknown,
  hub: Hub | null,
): Promise<Result<Compared>> {
  if (!Array.isArray(scenarios)) {
    return refused("scenarios", "scenarios is missing: it must be a list");
  }
  if (scenarios.length < 1 || scenarios.length > MAX_COMPARED) {
    return refused(
      "scenarios",
      `scenarios must have 1 to ${MAX_COMPARED} entries: current value has ${scenarios.length}`,
    );
  }
  const results = await Promise.all(
    scenarios.map((scenario) => estimateOnHub(scenario, hub)),
  );
  const problems = results.flatMap((result, at) =>
    result.ok ? [] : inside(`scenarios.${at}`, result.problems)
  );
  if (problems.length > 0) return { ok: false, problems };
  const estimates: Estimate[] = results.flatMap((result) =>
    result.ok ? [result.value] : []
  );
  const differences = differencesOf(
    estimates.map(({ scenario }) => scenario),
    estimates.map(({ model }) => model.name),
  );
  return {
    ok: true,
    value: {
      estimates,
      differences: differences.map(({ path, values }) => ({
        path,
        values: values.map((value) => value ?? null),
      })),
    },
  };
}

/** The largest value of a field, the batch where none is named. */
export async function largestOnHub(
  input: unknown,
  field: unknown,
  hub: Hub | null,
  step: () => void = () => {},
): Promise<Result<Largest>> {
  const resolved = await resolveOnHub(input, hub);
  if (!resolved.ok) return resolved;
  const { scenario, model } = resolved.value;
  const asked = field ?? ASKED[scenario.task].batch;
  const problem = fieldProblem(asked, scenario);
  if (problem) return { ok: false, problems: [problem] };
  return await largestInTurns(scenario, String(asked), {
    model,
    breathe: stepped(step),
  });
}

/** Lets others have their turn, and tells that something more is tried. */
function stepped(step: () => void): () => Promise<void> {
  return () => {
    step();
    return breathe();
  };
}

/** What would make a scenario fit. */
export async function adviceOnHub(
  input: unknown,
  hub: Hub | null,
  step: () => void = () => {},
): Promise<Result<Advice>> {
  const resolved = await resolveOnHub(input, hub);
  if (!resolved.ok) return resolved;
  const { scenario, model } = resolved.value;
  return await adviceInTurns(scenario, {
    model,
    breathe: stepped(step),
  });
}

/** What is wrong with a number of GPUs; null where nothing is. */
export function gpuCountProblem(gpus: unknown): Problem | null {
  const isCount = typeof gpus === "number" && Number.isInteger(gpus) &&
    gpus >= 1 && gpus <= MAX_DEVICES;
  return isCount ? null : {
    path: "gpus",
    message:
      `gpus must be a whole number from 1 to ${MAX_DEVICES}: current value is ${
        shown(gpus)
      }`,
  };
}

/**
 * The ways to train or serve a scenario's model on a number of GPUs.
 *
 * @param asked.gpus How many; the scenario's own where it is undefined.
 * @param asked.from How many layouts were tried before.
 */
export async function strategiesOnHub(
  input: unknown,
  { gpus, from = 0 }: { gpus: unknown; from?: unknown },
  hub: Hub | null,
): Promise<Result<GpuLayouts>> {
  const problem = gpus === undefined ? null : gpuCountProblem(gpus);
  if (problem) return { ok: false, problems: [problem] };
  if (typeof from !== "number" || !Number.isInteger(from) || from < 0) {
    return refused(
      "from",
      `from must be a whole number: current value is ${shown(from)}`,
    );
  }
  const resolved = await resolveOnHub(input, hub);
  if (!resolved.ok) return resolved;
  const { scenario } = resolved.value;
  const model: ReturnType<typeof resolveModel> = resolved.value.model
    ? { ok: true, value: resolved.value.model }
    : resolveModel(scenario.model);
  if (!model.ok) return model;
  return {
    ok: true,
    value: await strategiesInTurns(
      scenario,
      model.value,
      typeof gpus === "number" ? gpus : scenario.parallel.gpus,
      breathe,
      { from },
    ),
  };
}

/**
 * Why memory ran short, and what would have helped.
 *
 * @param text The error, a log that has it, or a table of memory.
 * @param scenario Fields of a Scenario that are known beside; undefined of none.
 */
export async function explainOnHub(
  text: unknown,
  scenario: unknown,
  hub: Hub | null,
): Promise<Result<Explanation>> {
  if (typeof text !== "string") {
    return refused(
      "text",
      `text must be a string, the error as it was printed: current value is ${
        shown(text ?? null)
      }`,
    );
  }
  if (scenario !== undefined && scenario !== null && !isObject(scenario)) {
    return refused(
      "scenario",
      `scenario must be an object: current value is ${shown(scenario)}`,
    );
  }
  const read = readError(text, isObject(scenario) ? scenario : null);
  if (!read.ok) return read;
  const { input, isGiven } = read.value;
  if (input === null) return await explainInTurns(read.value, null, breathe);
  const resolved = await resolveOnHub(input, hub);
  if (resolved.ok) {
    return await explainInTurns(read.value, resolved.value, breathe);
  }
  // A name that merely stands in the text may be no model's.
  return isGiven
    ? { ok: false, problems: inside("scenario", resolved.problems) }
    : await explainInTurns(read.value, null, breathe);
}
