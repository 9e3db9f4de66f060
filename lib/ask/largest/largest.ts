import type { AdvisedSet } from "../../answer/advice.ts";
import { estimateScenario } from "../estimate.ts";
import type { Model } from "../../models/model.ts";
import { resolveModel } from "../../models/resolve_model.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import type { Problem } from "../../scenario/problem.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { EXACT, NEARLY, searchBriskly } from "./brisk.ts";
import { hasPool } from "../over_gpus.ts";
import { searchFewest } from "./fewest.ts";
import { FEWEST, INVERSE_FIELDS, inverseField } from "./fields.ts";
import { guessed } from "./guess.ts";
import type { Probe } from "./probe.ts";
import { probeOf } from "./probe.ts";
import { leastPossible } from "./least_possible.ts";
import { cautiousValue, run } from "./run.ts";
import { searchLargest } from "./search.ts";
import type { Asked, Told } from "./values.ts";
import { SearchedValues, TooLong } from "./values.ts";

/** A value of the field and what the GPU would have to hold. */
export interface Tried {
  value: number;
  /** The device's peak; null where this value has no estimate. */
  peak_bytes: number | null;
  /** The same. */
  device_peak_bytes: number | null;
  /** By how much that is more than the GPU has; 0 where it fits. */
  over_bytes: number | null;
}

/** The largest value of a field that fits the scenario's GPU. */
export interface Largest {
  /** Dotted path. */
  field: string;
  gpu: string;
  usable_bytes: number;
  /** Null where not even the least value fits; `next` then says by how much. */
  value: number | null;
  /** The device's peak at that value. */
  peak_bytes: number | null;
  /** The same. */
  device_peak_bytes: number | null;
  /** What is set where the field has that value: of GPUs, also what lays them out. */
  set: AdvisedSet;
  /**
   * The least value tried above it that does not fit, of GPUs the most below it; null
   * at the bound.
   */
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
  /**
   * Whether the values around the answer are tried too, as memory need not grow
   * evenly; the batch's and the length's are where nothing is said.
   */
  thorough?: boolean | undefined;
}

/**
 * Finds the largest value of a field with which the scenario's GPU holds the
 * peak: by doubling, halving, and a look around. Where the step can be played,
 * its tensors' peak decides, the allocator where that leaves doubt, and whole
 * estimates only what is answered.
 *
 * @param scenario As `parseScenario` returned it; its own value is not used.
 * @param field Path of a whole number of the scenario's task; of `parallel.gpus` the
 *   fewest are sought.
 * @returns The answer, or what is wrong with the scenario at the least value.
 */
export function largest(
  scenario: Scenario,
  field: string,
  { model = modelOf(scenario), thorough }: LargestOptions = {},
): Result<Largest> {
  const asking = askLargest(scenario, field, thorough);
  let asked = asking.next();
  while (!asked.done) asked = asking.next(answerTo(asked.value, model));
  return asked.value;
}

/**
 * As {@linkcode largest}, letting others have their turn between two values, for
 * a server that has more to do.
 *
 * @param breathe Settles when it is this search's turn again.
 */
export async function largestInTurns(
  scenario: Scenario,
  field: string,
  { model = modelOf(scenario), thorough, breathe }: LargestOptions & {
    breathe: () => Promise<void>;
  },
): Promise<Result<Largest>> {
  const asking = askLargest(scenario, field, thorough);
  let asked = asking.next();
  while (!asked.done) {
    await breathe();
    asked = asking.next(answerTo(asked.value, model));
  }
  return asked.value;
}

function answerTo({ scenario, quick }: Asked, model: Model | undefined): Told {
  const probe = quick && model ? probeOf(scenario, model) : null;
  return probe ? { probe } : { estimate: estimateScenario(scenario, model) };
}

/** A model of a scenario; undefined where the estimate says what is wrong. */
function modelOf({ model }: Scenario): Model | undefined {
  const resolved = resolveModel(model);
  return resolved.ok ? resolved.value : undefined;
}

/**
 * Asks for scenarios that differ in one field, quick ones where a probe is
 * enough: how {@linkcode largest} searches.
 */
export function* askLargest(
  scenario: Scenario,
  field: string,
  thorough: boolean = isThorough(field),
): Generator<Asked, Result<Largest>, Told> {
  try {
    return yield* search(scenario, field, thorough);
  } catch (error) {
    if (!(error instanceof TooLong)) throw error;
    return { ok: false, problems: [{ path: field, message: error.message }] };
  }
}

/**
 * Where nothing is said. A prompt is not tried value by value: past a kernel's
 * limits memory jumps, and each try plays a generation.
 */
function isThorough(field: string): boolean {
  return Object.hasOwn(INVERSE_FIELDS, field) && field !== "serve.input_tokens";
}

/** The field whose least values may be too few for what a sample looks at. */
const LENGTH = "train.sequence_length";

function* search(
  scenario: Scenario,
  field: string,
  thorough: boolean,
): Generator<Asked, Result<Largest>, Told> {
  const asked = inverseField(field, scenario);
  if (!asked.ok) return asked;
  const { context: hasContext } = asked.value;
  const values = new SearchedValues(scenario, field);
  let { least } = asked.value;
  let first = yield* values.estimateAt(least);
  if (!first.ok && field === LENGTH && scenario.train.images_per_sample > 0) {
    least = (yield* leastPossible(values, least, asked.value.most)) ?? least;
    first = yield* values.estimateAt(least);
  }
  if (!first.ok) return first;
  const own = first.value.fit[0];
  if (!own) return noGpu();
  const { architecture } = first.value.model;
  const most = field === "serve.gpu_layers"
    // The output layer counts as one more.
    ? architecture.layers + 1
    : asked.value.most;
  const bounds = { least, most, usable: own.usable_bytes };

  const isFewest = field === FEWEST;
  // A pool is planned, which takes no time; a step or a generation is played.
  const gap = hasPool(scenario) && scenario.task === "serve" ? EXACT : NEARLY;
  const sure = !isFewest && first.value.method === "timeline"
    ? yield* guessed(values, bounds, ({ surely }) => surely)
    : 0;
  const fits = (probe: Probe): boolean => probe.fits();
  const searching = isFewest
    ? searchFewest(most)
    : thorough
    ? searchLargest(least, most)
    : searchBriskly(least, most, { sure, gap });
  const found = yield* run(values, searching, { sure, fits });
  // What is said to have been tried was: a guess stands for none of these.
  const guesses = thorough ? Math.min(found.to, sure) : 0;
  for (let value = found.from; value <= guesses; value++) {
    const probe = yield* values.probeAt(value);
    if (!probe?.fits() && !found.exceptions.includes(value)) {
      found.exceptions.push(value);
    }
  }
  const { high_bytes: high, device_peak_bytes: least_peak } =
    first.value.memory;
  const hasBand = high !== null && !isFewest;
  const cautious = high !== null && hasBand && found.value !== null
    ? yield* cautiousValue(
      values,
      { ...bounds, most: found.value },
      { share: high / least_peak, thorough },
    )
    : null;

  const estimated = function* (value: number | null) {
    const result = value === null ? null : yield* values.estimateAt(value);
    return result?.ok ? result.value : null;
  };
  const { value, next, from, to, sampled_to } = found;
  const answer = yield* estimated(value);
  const above = yield* estimated(next);
  const safe = yield* estimated(cautious?.value ?? null);
  const peak = above?.memory.device_peak_bytes ?? null;
  const context = architecture.max_position_embeddings;
  return {
    ok: true,
    value: {
      field,
      gpu: own.gpu,
      usable_bytes: own.usable_bytes,
      value,
      peak_bytes: answer?.memory.device_peak_bytes ?? null,
      device_peak_bytes: answer?.memory.device_peak_bytes ?? null,
      set: value === null ? {} : values.setOf(value),
      next: next === null ? null : {
        value: next,
        peak_bytes: peak,
        device_peak_bytes: peak,
        over_bytes: peak === null ? null : Math.max(0, peak - own.usable_bytes),
      },
      at_bound: value === (isFewest ? least : most),
      cautious: cautious
        ? {
          value: cautious.value,
          high_bytes: safe?.memory.high_bytes ?? null,
        }
        : hasBand
        ? { value: null, high_bytes: null }
        : null,
      beyond_context: hasContext && context !== null &&
          value !== null && value > context
        ? context
        : null,
      checked: {
        estimates: values.tried,
        from,
        to,
        sampled_to,
        exceptions: found.exceptions.sort((a, b) => a - b),
      },
      methods: values.methods,
    },
  };
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
