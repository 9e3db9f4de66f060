import type { Advice } from "../../answer/advice.ts";
import type { Estimate } from "../../answer/estimate.ts";
import type {
  ErrorCause,
  Explanation,
  FilledField,
} from "../../answer/explanation.ts";
import type { FailureReading } from "../../failures/read.ts";
import { readFailure } from "../../failures/read.ts";
import { heldBytes } from "../../hardware/fit.ts";
import { usableBytes } from "../../hardware/gpus.ts";
import type { Model } from "../../models/model.ts";
import { resolveModel } from "../../models/resolve_model.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import { parseScenario } from "../../scenario/parse_scenario.ts";
import type { Problem } from "../../scenario/problem.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { valueAt } from "../../scenario/walk.ts";
import { GIB } from "../../units/mod.ts";
import { advice, adviceInTurns } from "../advice/advice.ts";
import { estimateScenario } from "../estimate.ts";
import { withSet } from "../with_set.ts";
import { causesOf } from "./causes.ts";
import { estimateWords } from "./estimate_words.ts";
import { figuresOf, heldByOthers } from "./figures.ts";
import { fillScenario } from "./filled.ts";
import { heldWords } from "./held_words.ts";
import { tokensOfLogits } from "./sized_tensors.ts";
import { nextSteps } from "./steps.ts";

/** An error that was read, and the scenario that it became. */
export interface ReadError {
  readonly reading: FailureReading;
  /** A Scenario's input, unchecked; null where nobody names a model. */
  readonly input: Record<string, unknown> | null;
  readonly filled: readonly FilledField[];
  /** Whether the asker named the model, so that what is wrong with it is told. */
  readonly isGiven: boolean;
}

/** The scenario of an error, looked up. */
export interface ErrorScenario {
  readonly scenario: Scenario;
  /** Undefined where the catalogue or the scenario itself describes it. */
  readonly model?: Model | undefined;
}

/**
 * Reads an error of memory, and fills a scenario with what it tells.
 *
 * @param given Fields of a Scenario that are known beside, which win.
 */
export function readError(
  text: string,
  given: Record<string, unknown> | null = null,
): Result<ReadError> {
  const read = readFailure(text);
  if (!read.ok) return read;
  const { input, filled } = fillScenario(text, read.value, given);
  return {
    ok: true,
    value: {
      reading: read.value,
      input,
      filled,
      isGiven: given?.["model"] !== undefined,
    },
  };
}

/**
 * Explains an error of memory with the catalogue's models alone.
 *
 * @param given Fields of a Scenario that are known beside, which win.
 * @returns The explanation, or what is wrong with the text or the scenario.
 */
export function explain(
  text: string,
  given: Record<string, unknown> | null = null,
): Result<Explanation> {
  const read = readError(text, given);
  if (!read.ok) return read;
  const { input } = read.value;
  const parsed = input && parseScenario(input);
  if (parsed && !parsed.ok) return inScenario(parsed.problems);
  const found = explained(
    read.value,
    parsed ? { scenario: parsed.value } : null,
  );
  if (!found.ok || !found.value.asked) {
    return found.ok ? plain(found.value) : found;
  }
  const { scenario, model } = found.value.asked;
  return withAdvice(found.value, advice(scenario, { model }));
}

/**
 * As {@linkcode explain}, of a scenario that was looked up, letting others have their
 * turn.
 *
 * @param known Null where no model is known.
 * @param breathe Settles when it is this question's turn again.
 */
export async function explainInTurns(
  read: ReadError,
  known: ErrorScenario | null,
  breathe: () => Promise<void>,
): Promise<Result<Explanation>> {
  const found = explained(read, known);
  if (!found.ok || !found.value.asked) {
    return found.ok ? plain(found.value) : found;
  }
  await breathe();
  const { scenario, model } = found.value.asked;
  return withAdvice(
    found.value,
    await adviceInTurns(scenario, { model, breathe }),
  );
}

/** An explanation without its advice, and of what that is asked. */
interface Explained {
  readonly told: Explanation;
  /** Null where there is nothing to advise. */
  readonly asked: { scenario: Scenario; model: Model } | null;
}

function explained(
  read: ReadError,
  known: ErrorScenario | null,
): Result<Explained> {
  const { reading, isGiven } = read;
  if (known === null) {
    return { ok: true, value: { told: toldOf(read), asked: null } };
  }
  const model: Result<Model> = known.model
    ? { ok: true, value: known.model }
    : resolveModel(known.scenario.model);
  const estimate = model.ok
    ? estimateScenario(known.scenario, model.value)
    : model;
  if (!model.ok || !estimate.ok) {
    // A name that merely stands in the text may be no model's.
    return isGiven && !estimate.ok
      ? inScenario(estimate.problems)
      : { ok: true, value: { told: toldOf(read), asked: null } };
  }
  const found = withTokens(read, known.scenario, model.value, estimate.value);
  const { scenario } = found;
  const { kind } = reading.failure;
  const isAdvised = kind !== "host" && kind !== "shared";
  return {
    ok: true,
    value: {
      told: toldOf(read, found),
      asked: isAdvised
        ? { scenario: besideOthers(scenario, read), model: model.value }
        : null,
    },
  };
}

/** A scenario with what was found of it. */
interface FoundCauses {
  readonly scenario: Scenario;
  readonly estimate: Estimate;
  readonly causes: ErrorCause[];
  readonly more: readonly FilledField[];
}

/**
 * The causes in a scenario; where nobody said how many tokens there are and the loss
 * failed, with as many as make its logits so large.
 */
function withTokens(
  { reading, input, filled }: ReadError,
  scenario: Scenario,
  model: Model,
  estimate: Estimate,
): FoundCauses {
  const path = scenario.task === "train"
    ? "train.sequence_length"
    : "serve.input_tokens";
  const isOpen = valueAt(input ?? {}, path) === undefined;
  const found = causesOf(reading, scenario, model, estimate, isOpen);
  const own = { scenario, estimate, causes: [...found.causes], more: [] };
  const { failure: { tried, kind }, moment } = reading;
  const isLogits = isOpen && tried && kind === "allocation" &&
    scenario.task === "train" && moment?.name === "loss" && !found.isExact;
  const tokens = isLogits ? tokensOfLogits(model, tried) : null;
  const each = tokens === null ? 0 : tokens / scenario.train.micro_batch;
  const most = model.architecture.max_position_embeddings ?? Infinity;
  if (tokens === null || !Number.isInteger(each) || each > most) return own;
  const changed = withSet(scenario, { [path]: each });
  const again = estimateScenario(changed, model);
  if (!again.ok) return own;
  return {
    scenario: changed,
    estimate: again.value,
    causes: [
      ...causesOf(reading, changed, model, again.value, false).causes,
    ],
    more: [
      ...filled.filter((field) => field.path === path),
      { path, value: each, from: "the size that was asked for, as logits" },
    ],
  };
}

/** The scenario on what others leave of its GPU. */
function besideOthers(scenario: Scenario, { reading }: ReadError): Scenario {
  const held = heldByOthers(reading.failure);
  if (held === 0) return scenario;
  const left = usableBytes(scenario.hardware.gpu) - held;
  return left <= 0 ? scenario : {
    ...scenario,
    hardware: { ...scenario.hardware, gpu: { memory_gib: left / GIB } },
  };
}

function toldOf(read: ReadError, found?: FoundCauses): Explanation {
  const { reading, filled } = read;
  const { failure, moment } = reading;
  return {
    tool: failure.tool,
    message: failure.message,
    moment: moment?.words ?? null,
    read: figuresOf(failure),
    scenario: found?.scenario ?? null,
    filled: [...filled, ...found?.more ?? []],
    causes: found?.causes ?? [],
    words: [
      ...heldWords(reading),
      ...(found ? estimateWords(reading, found) : []),
    ].join("\n"),
    steps: nextSteps(reading, found !== undefined),
    estimated: found
      ? {
        peak_bytes: heldBytes(found.estimate.memory),
        fits: found.estimate.fit[0]?.fits ?? false,
      }
      : null,
    changes: [],
    together: null,
    gpus_needed: null,
    smallest_gpu: null,
  };
}

function plain({ told }: Explained): Result<Explanation> {
  return { ok: true, value: told };
}

function withAdvice(
  { told }: Explained,
  advised: Result<Advice>,
): Result<Explanation> {
  if (!advised.ok) return inScenario(advised.problems);
  const { now: _, ...rest } = advised.value;
  return { ok: true, value: { ...told, ...rest } };
}

/** Problems of the scenario that stands beside the text. */
function inScenario(problems: readonly Problem[]): Result<never> {
  return {
    ok: false,
    problems: problems.map(({ path, message }) => ({
      path: path === "" ? "scenario" : `scenario.${path}`,
      message: `scenario: ${message}`,
    })),
  };
}
