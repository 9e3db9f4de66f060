import type { AdvisedSet } from "../../answer/advice.ts";
import type { Estimate } from "../../answer/estimate.ts";
import { playStep } from "../../rollouts/played.ts";
import { heldBytes } from "../../hardware/fit.ts";
import { usableBytes } from "../../hardware/gpus.ts";
import { uncoveredBy } from "../../methods/timeline/uncovered_by.ts";
import type { Model } from "../../models/model.ts";
import { meshOf } from "../../parallel/mesh.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { Served } from "../../serve/engine.ts";
import { serve } from "../../serve/mod.ts";
import { groupDigits } from "../../units/mod.ts";
import { estimateScenario } from "../estimate.ts";
import { DevicePeak } from "../largest/device_peak.ts";
import { servedNeed } from "../served_need.ts";
import { withSet } from "../with_set.ts";

/** What a scenario needs of its GPU. */
export interface Weight {
  readonly fits: boolean;
  /** Bytes that it needs at least: quick to tell, and enough to compare by. */
  readonly least: number;
  /** Bytes that a GPU has to hold, the allocator's cache included. */
  peak(): number;
  /** What else there is to say: "starts, 3 of 10 sequences at once". */
  readonly note?: string;
}

/** Scenarios that are weighed for one question at most. */
const MOST_WEIGHED = 120;

/** Allocations and frees that are played for one question at most. */
const MOST_EVENTS = 2_000_000;

/** What is spent of the bounds where a whole estimate has to tell. */
const EVENTS_OF_ESTIMATE = 20_000;

/**
 * Weighs changes of a scenario, each once, by the estimator itself. It pauses before
 * each that is new, so that a server can answer others in between.
 */
export class Scales {
  readonly usable: number;
  readonly #weights = new Map<string, Weight | null>();
  #weighed = 0;
  #events = 0;

  constructor(
    readonly scenario: Scenario,
    readonly model: Model,
    /** The method that answers the scenario as it stands: others do not compare. */
    private readonly method: Scenario["method"],
  ) {
    this.usable = usableBytes(scenario.hardware.gpu);
  }

  /** How many scenarios were weighed. */
  get weighed(): number {
    return this.#weighed;
  }

  /** @returns Null where it cannot be estimated, or the bounds are reached. */
  *weigh(set: AdvisedSet): Generator<void, Weight | null> {
    const key = JSON.stringify(
      Object.entries(set).sort(([a], [b]) => a < b ? -1 : 1),
    );
    const known = this.#weights.get(key);
    if (known !== undefined) return known;
    if (this.#weighed >= MOST_WEIGHED || this.#events >= MOST_EVENTS) {
      return null;
    }
    yield;
    this.#weighed++;
    const changed = withSet(this.scenario, set);
    const weight = this.#weightOf(changed);
    this.#weights.set(key, weight);
    return weight;
  }

  #weightOf(changed: Scenario): Weight | null {
    const { architecture } = this.model;
    const { parallel, engine } = changed;
    const mesh = meshOf(parallel, architecture, engine.name);
    if (!mesh.ok) return null;
    if (this.method === "timeline") {
      if (changed.task === "serve") {
        const { model } = this;
        const answer = serve({ scenario: changed, model, mesh: mesh.value });
        if ("reason" in answer || !answer.ok) return null;
        this.#events += EVENTS_OF_ESTIMATE;
        return ofServed(answer.value.served, changed);
      }
      if (uncoveredBy(changed) === null) return this.#played(changed);
    }
    this.#events += EVENTS_OF_ESTIMATE;
    const answer = estimateScenario(changed, this.model);
    return answer.ok && answer.value.method === this.method
      ? ofEstimate(answer.value)
      : null;
  }

  #played(changed: Scenario): Weight | null {
    const step = playStep(changed, this.model);
    if ("reason" in step) return null;
    const { load, first, step: acts, events } = step.program;
    this.#events += events + load.length + first.length + acts.length;
    const peak = new DevicePeak(changed, step, () => step);
    return { fits: peak.fits, least: peak.least, peak: () => peak.bytes };
  }
}

function ofServed(served: Served, scenario: Scenario): Weight {
  const { starts, fits, bytes, sequences } = servedNeed(served, scenario);
  const { batch } = scenario.serve;
  return {
    fits,
    least: bytes,
    peak: () => bytes,
    ...(starts && sequences < batch
      ? {
        note: `starts; ${groupDigits(sequences)} of ${
          groupDigits(batch)
        } sequences at once`,
      }
      : {}),
  };
}

/** The same of a whole estimate. */
function ofEstimate({ memory, fit }: Estimate): Weight {
  const bytes = heldBytes(memory);
  return { fits: fit[0]?.fits === true, least: bytes, peak: () => bytes };
}
