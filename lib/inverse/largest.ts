import { estimateScenario } from "../estimate.ts";
import type { Estimate } from "../estimate_type.ts";
import type { Model } from "../models/model.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import type { Problem } from "../scenario/problem.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { InverseField, InversePath } from "./fields.ts";
import { fieldProblem, INVERSE_FIELDS } from "./fields.ts";
import type { Found } from "./search.ts";
import { searchLargest } from "./search.ts";

/** A value of the field and what the GPU would have to hold. */
export interface Tried {
  value: number;
  /** The device's peak; null where this value has no estimate. */
  device_peak_bytes: number | null;
  /** By how much that is more than the GPU has; 0 where it fits. */
  over_bytes: number | null;
}

/** The largest value of a field that fits the scenario's GPU. */
export interface Largest {
  field: InversePath;
  gpu: string;
  usable_bytes: number;
  /** Null where not even the least value fits; `next` then says by how much. */
  value: number | null;
  /** The device's peak at that value. */
  device_peak_bytes: number | null;
  /** The least value tried above it that does not fit; null at the bound. */
  next: Tried | null;
  /** Whether the field can have no larger value. */
  at_bound: boolean;
  /**
   * The largest value at which the high end of the band fits too. Null where
   * there is no band; its value null where not even the least does.
   */
  cautious: { value: number | null; high_bytes: number | null } | null;
  /** Tokens of the model's context, where the value is beyond them. */
  beyond_context: number | null;
  /** What was tried: how many estimates, and which values around the answer. */
  checked: {
    estimates: number;
    from: number;
    to: number;
    sampled_to: number;
    /** Values below the answer that do not fit. */
    exceptions: number[];
  };
  /** The method that answered; more than one makes the peaks hard to compare. */
  methods: string[];
}

/** Settings of {@linkcode largest}. */
export interface LargestOptions {
  /** The scenario's model, where the caller has looked it up. */
  model?: Model | undefined;
}

/**
 * Finds the largest value of a field with which the scenario's GPU holds the
 * peak, from real estimates: by doubling, halving, and a look around.
 *
 * @param scenario As `parseScenario` returned it; its own value is not used.
 * @param field One of {@linkcode INVERSE_FIELDS}, of the scenario's task.
 * @returns The answer, or what is wrong with the scenario at the least value.
 */
export function largest(
  scenario: Scenario,
  field: InversePath,
  { model }: LargestOptions = {},
): Result<Largest> {
  const asking = askLargest(scenario, field);
  let asked = asking.next();
  while (!asked.done) {
    asked = asking.next(estimateScenario(asked.value, model));
  }
  return asked.value;
}

/**
 * As {@linkcode largest}, letting others have their turn between estimates, for
 * a server that has more to do.
 *
 * @param breathe Settles when it is this search's turn again.
 */
export async function largestInTurns(
  scenario: Scenario,
  field: InversePath,
  { model, breathe }: LargestOptions & { breathe: () => Promise<void> },
): Promise<Result<Largest>> {
  const asking = askLargest(scenario, field);
  let asked = asking.next();
  while (!asked.done) {
    await breathe();
    asked = asking.next(estimateScenario(asked.value, model));
  }
  return asked.value;
}

/** Asks for the estimates of scenarios that differ in one field. */
function* askLargest(
  scenario: Scenario,
  field: InversePath,
): Generator<Scenario, Result<Largest>, Result<Estimate>> {
  const problem = fieldProblem(field, scenario.task);
  if (problem) return { ok: false, problems: [problem] };
  const known = new Map<number, Result<Estimate>>();
  function* at(
    value: number,
  ): Generator<Scenario, Result<Estimate>, Result<Estimate>> {
    const before = known.get(value);
    if (before) return before;
    const answer = yield withValue(scenario, field, value);
    known.set(value, answer);
    return answer;
  }
  function* run(
    least: number,
    most: number,
    fits: (estimate: Estimate) => boolean,
  ): Generator<Scenario, Found, Result<Estimate>> {
    const search = searchLargest(least, most);
    let asked = search.next();
    while (!asked.done) {
      const result = yield* at(asked.value);
      asked = search.next(result.ok && fits(result.value));
    }
    return asked.value;
  }

  const { least, most }: InverseField = INVERSE_FIELDS[field];
  const first = yield* at(least);
  if (!first.ok) return first;
  const own = first.value.fit[0];
  if (!own) return noGpu();
  const found = yield* run(
    least,
    most,
    ({ memory }) => memory.device_peak_bytes <= own.usable_bytes,
  );
  const hasBand = first.value.memory.high_bytes !== null;
  const cautious = hasBand && found.value !== null
    ? yield* run(
      least,
      found.value,
      ({ memory }) => (memory.high_bytes ?? Infinity) <= own.usable_bytes,
    )
    : null;

  const estimateAt = (value: number | null): Estimate | null => {
    const result = value === null ? undefined : known.get(value);
    return result?.ok ? result.value : null;
  };
  const peakAt = (value: number): Tried => {
    const peak = estimateAt(value)?.memory.device_peak_bytes ?? null;
    return {
      value,
      device_peak_bytes: peak,
      over_bytes: peak === null ? null : Math.max(0, peak - own.usable_bytes),
    };
  };
  const context = first.value.model.architecture.max_position_embeddings;
  const { value, next, from, to, sampled_to, exceptions } = found;
  return {
    ok: true,
    value: {
      field,
      gpu: own.gpu,
      usable_bytes: own.usable_bytes,
      value,
      device_peak_bytes: estimateAt(value)?.memory.device_peak_bytes ?? null,
      next: next === null ? null : peakAt(next),
      at_bound: value === most,
      cautious: cautious
        ? {
          value: cautious.value,
          high_bytes: estimateAt(cautious.value)?.memory.high_bytes ?? null,
        }
        : hasBand
        ? { value: null, high_bytes: null }
        : null,
      beyond_context: INVERSE_FIELDS[field].context && context !== null &&
          value !== null && value > context
        ? context
        : null,
      checked: { estimates: known.size, from, to, sampled_to, exceptions },
      methods: [
        ...new Set(
          [...known.values()].flatMap((each) =>
            each.ok ? [each.value.method] : []
          ),
        ),
      ],
    },
  };
}

/** The scenario with one field of a section changed. */
function withValue(
  scenario: Scenario,
  field: InversePath,
  value: number,
): Scenario {
  const [section, key] = field.split(".") as ["train" | "serve", string];
  return { ...scenario, [section]: { ...scenario[section], [key]: value } };
}

function noGpu(): { ok: false; problems: Problem[] } {
  return {
    ok: false,
    problems: [{
      path: "hardware.gpu",
      message: "hardware.gpu must be given to ask what fits it",
    }],
  };
}
