import type { Estimate } from "../answer/estimate.ts";
import { doubtedBand, withBand } from "../evidence/doubted_band.ts";
import { storedModelOf } from "../formats/mod.ts";
import { fitOf, heldBytes } from "../hardware/fit.ts";
import { answerTo } from "../methods/mod.ts";
import { opinionsOf } from "./opinions.ts";
import type { Model } from "../models/model.ts";
import { resolveModel } from "../models/resolve_model.ts";
import { taskModelOf } from "../models/heads/task_model.ts";
import { trainableOf } from "../models/trainable.ts";
import { meshOf } from "../parallel/mesh.ts";
import type { Result, ScenarioInput } from "../scenario/parse_scenario.ts";
import { parseScenario } from "../scenario/parse_scenario.ts";
import { ScenarioError } from "../scenario/problem.ts";
import type { Scenario } from "../scenario/schema.ts";
import { beyondContext } from "./beyond_context.ts";
import { capacityOf } from "./capacity.ts";
import { imageProblem } from "./image_problem.ts";
import { servedFits } from "./served_fits.ts";
import { trafficOf } from "./traffic.ts";
import {
  besideProblems,
  gpuProblem,
  unknownNames,
  withUnknown,
} from "./unknown_names.ts";

/** What an Estimate has to hold beside what it always holds. */
export interface Wanted {
  /** The memory over the step. */
  curve?: boolean;
  /** What the other methods say. */
  opinions?: boolean;
  /** What each GPU sends and receives per step. */
  traffic?: boolean;
  /** How many sequences of each length a serving engine holds at once. */
  capacity?: boolean;
}

/**
 * Estimates the GPU memory of a Scenario.
 *
 * @param input A Scenario; all but `model` may be left out.
 * @throws {ScenarioError} When the scenario is not valid; its `problems` name
 *   each field, limit and value.
 *
 * @example
 * ```ts
 * import { estimate } from "../mod.ts";
 *
 * const { memory } = estimate({
 *   model: "meta-llama/Llama-2-7b-hf",
 *   train: { method: "qlora", micro_batch: 2, checkpointing: "full" },
 * });
 * console.log(memory.device_peak_bytes);
 * ```
 */
export function estimate(input: ScenarioInput): Estimate {
  const result = tryEstimate(input);
  if (!result.ok) throw new ScenarioError(result.problems);
  return result.value;
}

/**
 * As {@linkcode estimate}, for input that may be anything.
 *
 * @returns The Estimate, or every problem found.
 */
export function tryEstimate(input: unknown): Result<Estimate> {
  const parsed = parseScenario(input);
  return parsed.ok
    ? estimateScenario(parsed.value)
    : withUnknown(parsed.problems, unknownNames(input));
}

/**
 * As {@linkcode tryEstimate}, for a Scenario that {@linkcode parseScenario}
 * returned.
 *
 * @param found The scenario's model, where the caller has looked it up itself.
 * @param wanted What else the Estimate has to hold.
 */
export function estimateScenario(
  scenario: Scenario,
  found?: Model | undefined,
  { curve = false, opinions = false, traffic = false, capacity = false }:
    Wanted = {},
): Result<Estimate> {
  const named: Result<Model> = found
    ? { ok: true, value: found }
    : resolveModel(scenario.model);
  const model = named.ok
    ? { ...named, value: taskModelOf(named.value, scenario) }
    : named;
  const unknown = [
    gpuProblem(scenario.hardware.gpu),
    ...besideProblems(scenario),
  ].flatMap((problem) => problem ?? []);
  if (!model.ok || unknown.length > 0) {
    return {
      ok: false,
      problems: [...(model.ok ? [] : model.problems), ...unknown],
    };
  }
  const mesh = meshOf(
    scenario.parallel,
    model.value.architecture,
    scenario.engine.name,
  );
  if (!mesh.ok) return mesh;
  const images = imageProblem(scenario, model.value);
  if (images) return { ok: false, problems: [images] };
  const trained = trainableOf(model.value, scenario);
  if (!trained.ok) return trained;
  const { parameters: trainable, notes } = trained.value;
  const question = {
    scenario,
    model: model.value,
    mesh: mesh.value,
    trainable,
  };
  const answer = answerTo({ ...question, curve });
  if (!answer.ok) return answer;

  const { method, summary, kind, kv, host, assumptions, warnings } =
    answer.value;
  const { largest, curve: drawn, served } = answer.value;
  const stored = storedBytes(scenario, model.value, answer.value.stored);
  if (!stored.ok) return stored;
  const doubted = doubtedBand(method, scenario, kind);
  const memory = withBand(answer.value, doubted.band);
  return {
    ok: true,
    value: {
      scenario,
      method,
      model: {
        ...described(model.value, trainable),
        ...(stored.value === null ? {} : { stored_bytes: stored.value }),
      },
      memory,
      ...(kv ? { kv } : {}),
      ...(served ? { serve: served.serving } : {}),
      ...(served && capacity
        ? { capacity: capacityOf(served, model.value.architecture) }
        : {}),
      host,
      fit: served ? servedFits(served, scenario.hardware.gpu) : fitOf(
        heldBytes(memory),
        scenario.hardware.gpu,
        memory.paged?.bytes ?? null,
        answer.value.heldOn,
      ),
      assumptions: [summary, doubted.note, ...assumptions],
      warnings: [
        ...(model.value.doubts ?? []),
        ...notes,
        ...beyondContext(scenario, model.value, warnings),
        ...doubted.warnings,
        ...warnings,
      ],
      ...(largest ? { largest } : {}),
      ...(drawn ? { curve: drawn } : {}),
      ...(opinions ? { opinions: opinionsOf(question, method) } : {}),
      ...(traffic ? { traffic: trafficOf(question) } : {}),
    },
  };
}

/** Bytes of the checkpoint that is served; null when training. */
function storedBytes(
  scenario: Scenario,
  model: Model,
  known: number | undefined,
): Result<number | null> {
  if (known !== undefined || scenario.task !== "serve") {
    return { ok: true, value: known ?? null };
  }
  const stored = storedModelOf(scenario, model);
  return stored.ok ? { ok: true, value: stored.value.bytes } : stored;
}

function described(model: Model, trainable: number): Estimate["model"] {
  return {
    name: model.name,
    type: model.architecture.type,
    source: model.source,
    parameters: model.parameters,
    trainable_parameters: trainable,
    active_parameters: model.active_parameters,
    parameters_basis: model.parameters_basis,
    architecture: model.architecture,
    roles: model.roles,
  };
}
