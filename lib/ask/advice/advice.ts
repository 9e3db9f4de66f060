import type { Advice, AdvisedChange } from "../../answer/advice.ts";
import type { Estimate } from "../../answer/estimate.ts";
import type { Fit } from "../../hardware/fit.ts";
import { RECOMMENDED } from "../../hardware/fit.ts";
import type { Model } from "../../models/model.ts";
import { resolveModel } from "../../models/resolve_model.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { estimateScenario } from "../estimate.ts";
import { COST } from "./lever.ts";
import { LEVERS } from "./levers/mod.ts";
import type { Pulled } from "./pull.ts";
import { FEW, pull } from "./pull.ts";
import type { Weight } from "./scales.ts";
import { Scales } from "./scales.ts";
import type { Combination } from "./together.ts";
import { cheapestTogether } from "./together.ts";

/** Settings of {@linkcode advice}. */
export interface AdviceOptions {
  /** The scenario's model, where the caller has looked it up. */
  model?: Model | undefined;
}

/**
 * Says what would make a scenario fit: single changes, the cheapest combination
 * that is enough, how many GPUs, and which GPU. Every figure is the estimator's own,
 * of the changed scenario. Of one that fits with room to spare no change is told.
 *
 * @param scenario As `parseScenario` returned it.
 * @returns The advice, or what is wrong with the scenario.
 */
export function advice(
  scenario: Scenario,
  options: AdviceOptions = {},
): Result<Advice> {
  const asking = ask(scenario, options);
  let asked = asking.next();
  while (!asked.done) asked = asking.next();
  return asked.value;
}

/**
 * As {@linkcode advice}, letting others have their turn between two estimates.
 *
 * @param breathe Settles when it is this question's turn again.
 */
export async function adviceInTurns(
  scenario: Scenario,
  { breathe, ...options }: AdviceOptions & { breathe: () => Promise<void> },
): Promise<Result<Advice>> {
  const asking = ask(scenario, options);
  let asked = asking.next();
  while (!asked.done) {
    await breathe();
    asked = asking.next();
  }
  return asked.value;
}

/** Whether a scenario fits so hardly, or not at all, that advice is worth asking. */
export function wantsAdvice({ fit, kv, scenario, serve }: Estimate): boolean {
  const own = fit[0];
  if (!own) return false;
  if (!own.fits) return true;
  // A server has what it takes up front: there are no spikes to leave room for.
  if (serve) {
    return serve.kv_pool_bytes !== null &&
      (kv?.max_sequences ?? Infinity) < scenario.serve.batch;
  }
  return own.utilization > RECOMMENDED;
}

function* ask(
  scenario: Scenario,
  { model: found }: AdviceOptions,
): Generator<void, Result<Advice>> {
  const model: Result<Model> = found
    ? { ok: true, value: found }
    : resolveModel(scenario.model);
  if (!model.ok) return model;
  yield;
  const answer = estimateScenario(scenario, model.value);
  if (!answer.ok) return answer;
  const estimate = answer.value;
  const scales = new Scales(scenario, model.value, estimate.method);
  const now = yield* scales.weigh({});
  const smallest_gpu = yield* smallestGpu(estimate, scales);
  if (now === null || !wantsAdvice(estimate)) {
    return {
      ok: true,
      value: {
        now: { peak_bytes: now?.peak() ?? 0, fits: now?.fits ?? false },
        changes: [],
        together: null,
        gpus_needed: now?.fits ? scenario.parallel.gpus : null,
        smallest_gpu,
      },
    };
  }
  const levers = LEVERS.filter(({ task }) => task === scenario.task);
  const alone: Pulled[] = [];
  for (const lever of levers) {
    const pulled = yield* pull(lever, scales);
    if (pulled) alone.push(yield* asTold(pulled, scales));
  }
  const together = now.fits
    ? null
    : cheapest(yield* cheapestTogether(levers, scales, now), alone);
  const wanted = new Set(Object.keys(together?.set ?? {}));
  return {
    ok: true,
    value: {
      now: { peak_bytes: now.peak(), fits: now.fits },
      changes: chosen(alone, now, wanted).map((each) => changeOf(each, now)),
      together,
      gpus_needed: now.fits ? scenario.parallel.gpus : gpusNeeded(alone),
      smallest_gpu,
    },
  };
}

/**
 * What is told of a lever that is not enough alone: of a long row of proposals not the
 * furthest, which nobody would want, but about half of what there is.
 */
function* asTold(pulled: Pulled, scales: Scales): Generator<void, Pulled> {
  const { proposals, weight } = pulled;
  const at = Math.floor((proposals.length - 1) / 3);
  const proposal = proposals[at];
  if (weight.fits || proposals.length <= FEW || !proposal) return pulled;
  const there = yield* scales.weigh(proposal.set);
  return there ? { ...pulled, at, weight: there } : pulled;
}

/** Changes together, or a single one that is enough and costs no more than the dearest. */
function cheapest(
  together: Combination | null,
  alone: readonly Pulled[],
): Advice["together"] {
  const enough = alone.filter(({ weight }) => weight.fits)
    .toSorted((a, b) => a.lever.cost - b.lever.cost)[0];
  if (enough && enough.lever.cost <= (together?.cost ?? Infinity)) {
    const peak_bytes = enough.weight.peak();
    return { set: setOf(enough), peak_bytes, fits: true };
  }
  return together && {
    set: together.set,
    peak_bytes: together.weight.peak(),
    fits: true,
  };
}

/** The GPU with the least memory, the scenario's own among them. */
function* smallestGpu(
  { fit, serve }: Estimate,
  scales: Scales,
): Generator<void, string | null> {
  const enough = fit.filter(({ fits }) => fits)
    .sort((a, b) => a.usable_bytes - b.usable_bytes);
  if (!serve) return enough[0]?.gpu ?? null;
  // An engine that starts need not hold all sequences: more memory holds more.
  let low = -1;
  let high = enough.length;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const gpu = enough[middle]?.gpu ?? "";
    const set = middle === enough.indexOf(fit[0] as Fit)
      ? {}
      : { "hardware.gpu": gpu };
    if ((yield* scales.weigh(set))?.fits) high = middle;
    else low = middle;
  }
  return enough[high]?.gpu ?? null;
}

/** The fewest GPUs of those levers that are enough alone. */
function gpusNeeded(alone: readonly Pulled[]): number | null {
  const counts = alone.filter(({ weight }) => weight.fits)
    .map((each) => Number(setOf(each)["parallel.gpus"]))
    .filter((gpus) => gpus > 0);
  return counts.length === 0 ? null : Math.min(...counts);
}

/** Changes that are told at most. */
const MOST_CHANGES = 6;

/** A change that saves less than this share of what is needed is not told. */
const WORTH = 0.01;

/** The changes that are told. */
function chosen(
  alone: readonly Pulled[],
  now: Weight,
  wanted: ReadonlySet<string>,
): Pulled[] {
  const saves = ({ weight }: Pulled): number => now.least - weight.least;
  const helps = (each: Pulled): boolean => {
    const { lever: { cost }, weight } = each;
    if (!now.fits && weight.fits) return true;
    if (cost === COST.hardware || (now.fits && cost === COST.another)) {
      return false;
    }
    return saves(each) > WORTH * now.least;
  };
  const isWanted = (each: Pulled): boolean =>
    Object.keys(setOf(each)).some((path) => wanted.has(path));
  const worth = (each: Pulled): number =>
    (each.weight.fits ? 2 : 0) + (isWanted(each) ? 1 : 0);
  return withoutDoubles(alone.filter(helps), saves)
    .sort((a, b) =>
      worth(b) - worth(a) ||
      (a.weight.fits ? a.lever.cost - b.lever.cost : saves(b) - saves(a))
    )
    .slice(0, MOST_CHANGES)
    .sort((a, b) =>
      Number(b.weight.fits) - Number(a.weight.fits) ||
      a.lever.cost - b.lever.cost
    );
}

/** A change that goes further than another is told where it saves this share more. */
const MORE = 0.1;

/** Changes without those that set what another does, or more, and save little more. */
function withoutDoubles(
  pulled: readonly Pulled[],
  saves: (each: Pulled) => number,
): Pulled[] {
  return pulled.filter((each) =>
    !pulled.some((other) =>
      other.lever.cost < each.lever.cost &&
      Object.keys(setOf(other)).every((path) => path in setOf(each)) &&
      other.weight.fits === each.weight.fits &&
      saves(each) < (1 + MORE) * saves(other)
    )
  );
}

function changeOf(pulled: Pulled, now: Weight): AdvisedChange {
  const { weight } = pulled;
  const { set, words, price } = proposalOf(pulled);
  const peak = weight.peak();
  return {
    set,
    words: weight.note === undefined ? words : `${words} (${weight.note})`,
    peak_bytes: peak,
    saves_bytes: now.peak() - peak,
    fits: weight.fits,
    price,
  };
}

function proposalOf({ proposals, at }: Pulled) {
  const proposal = proposals[at];
  if (!proposal) throw new RangeError(`there is no proposal ${at}`);
  return proposal;
}

function setOf(pulled: Pulled) {
  return proposalOf(pulled).set;
}
