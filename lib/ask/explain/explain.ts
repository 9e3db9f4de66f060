import type { Advice } from "../../answer/advice.ts";
import type { Explanation } from "../../answer/explanation.ts";
import type { FailureReading } from "../../failures/read.ts";
import { readFailure } from "../../failures/read.ts";
import { usableBytes } from "../../hardware/gpus.ts";
import type { Model } from "../../models/model.ts";
import { resolveModel } from "../../models/resolve_model.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import { parseScenario } from "../../scenario/parse_scenario.ts";
import type { Problem } from "../../scenario/problem.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { GIB } from "../../units/mod.ts";
import { advice, adviceInTurns } from "../advice/advice.ts";
import { estimateScenario } from "../estimate.ts";
import { heldByOthers } from "./figures.ts";
import { fillScenario } from "./filled.ts";
import { foundIn } from "./found.ts";
import type { ReadError } from "./read_error.ts";
import { nextSteps } from "./steps.ts";
import { toldOf } from "./told.ts";

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
  readonly reading: FailureReading;
  /** Null where there is nothing to advise. */
  readonly asked: { scenario: Scenario; model: Model } | null;
}

function explained(
  read: ReadError,
  known: ErrorScenario | null,
): Result<Explained> {
  const { reading, isGiven } = read;
  if (known === null) {
    return { ok: true, value: { told: toldOf(read), reading, asked: null } };
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
      : { ok: true, value: { told: toldOf(read), reading, asked: null } };
  }
  const found = foundIn(read, known.scenario, model.value, estimate.value);
  const { scenario } = found;
  const { kind } = reading.failure;
  const isAdvised = kind !== "host" && kind !== "shared" &&
    found.isGpuKnown;
  return {
    ok: true,
    value: {
      told: toldOf(read, found),
      reading,
      asked: isAdvised
        ? { scenario: besideOthers(scenario, read), model: model.value }
        : null,
    },
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

function plain({ told }: Explained): Result<Explanation> {
  return { ok: true, value: told };
}

function withAdvice(
  { told, reading }: Explained,
  advised: Result<Advice>,
): Result<Explanation> {
  if (!advised.ok) return inScenario(advised.problems);
  const { now: _, ...rest } = advised.value;
  const isAdvised = rest.changes.length > 0;
  const steps = nextSteps(reading, {
    isNamed: true,
    isAdvised,
    isServed: told.scenario?.task === "serve",
  });
  return { ok: true, value: { ...told, ...rest, steps } };
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
