import { findGpu, similarGpus } from "../hardware/gpus.ts";
import type { Model } from "../models/model.ts";
import { resolveModel } from "../models/resolve_model.ts";
import { modelField } from "../scenario/model_field.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import type { Problem } from "../scenario/problem.ts";
import { shown } from "../scenario/problem.ts";
import type { Scenario } from "../scenario/schema.ts";

/**
 * What a refused Scenario's names have against them too, so that all its
 * problems are told at once.
 *
 * @param input Anything: what a schema has refused for something else.
 * @param known What somebody who looked further has of the model.
 */
export function unknownNames(
  input: unknown,
  known?: Result<Model>,
): Problem[] {
  const model = known ?? modelOf(input);
  const { hardware } = (input ?? {}) as { hardware?: unknown };
  const { gpu } = (hardware ?? {}) as { gpu?: unknown };
  const wrong = typeof gpu === "string" && gpu.trim() !== ""
    ? gpuProblem(gpu.trim())
    : null;
  return [
    ...(model?.ok === false ? model.problems : []),
    ...(wrong ? [wrong] : []),
  ];
}

/** Models beside the one that trains, and the objectives that have them. */
const BESIDE = [
  ["teacher", "distillation"],
  ["critic", "grpo"],
  ["reward_model", "grpo"],
] as const;

/** Models beside the one that trains that nobody knows. */
export function besideProblems({ task, train }: Scenario): Problem[] {
  if (task !== "train") return [];
  return BESIDE.flatMap(([field, objective]) => {
    const asked = train[field];
    if (train.objective !== objective || asked === null) return [];
    const found = resolveModel(asked);
    const message = found.ok ? undefined : found.problems[0]?.message;
    const path = `train.${field}`;
    return message === undefined
      ? []
      : [{ path, message: message.replace(/^model /, `${path} `) }];
  });
}

/** A refusal with these beside it, unless they say of a field what it says. */
export function withUnknown(
  problems: readonly Problem[],
  unknown: readonly Problem[],
): { ok: false; problems: Problem[] } {
  const told = new Set(problems.map(({ path }) => path));
  return {
    ok: false,
    problems: [...unknown.filter(({ path }) => !told.has(path)), ...problems],
  };
}

/** The model that an input names; null where its schema refuses it already. */
function modelOf(input: unknown): Result<Model> | null {
  const { model } = (input ?? {}) as { model?: unknown };
  const parsed = modelField.safeParse(model);
  return parsed.success ? resolveModel(parsed.data) : null;
}

/** Why the catalogue of GPUs cannot say what is meant; null where it can. */
export function gpuProblem(gpu: Scenario["hardware"]["gpu"]): Problem | null {
  if (typeof gpu !== "string" || findGpu(gpu)) return null;
  const similar = similarGpus(gpu);
  const hint = similar.length > 0
    ? `did you mean ${similar.join(", ")}?`
    : "give its memory as hardware.gpu.memory_gib instead";
  return {
    path: "hardware.gpu",
    message: `hardware.gpu must be in the catalogue: current value is ${
      shown(gpu)
    }; ${hint}`,
  };
}
