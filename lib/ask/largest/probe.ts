import type { Estimate } from "../../answer/estimate.ts";
import { DevicePeak } from "./device_peak.ts";
import { uncoveredBy } from "../../methods/timeline/uncovered_by.ts";
import { meshOf } from "../../parallel/mesh.ts";
import { serve } from "../../serve/mod.ts";
import { estimateScenario } from "../estimate.ts";
import { imageProblem } from "../image_problem.ts";
import { servedNeed } from "../served_need.ts";
import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { Step } from "../../engines/step.ts";
import { playStep } from "../../rollouts/played.ts";

/** Whether the scenario's GPU holds a value: what a search asks. */
export interface Probe {
  /** The method that answers. */
  readonly method: Scenario["method"];
  /** Whether it holds the peak. */
  fits(): boolean;
  /** Whether it holds the high end of the band, with a share to spare. */
  fitsCautiously(spare?: number): boolean;
  /** Lets go of what is kept to answer faster. */
  release(): void;
  /** Null where the method tells only what the whole device holds. */
  readonly played: ProbedStep | null;
}

/** What playing a step tells. */
export interface ProbedStep {
  /** The bytes that the device holds at least, which are those of the tensors. */
  readonly least: number;
  /** Up to so many of these they surely fit. */
  readonly surely: number;
  /** Allocations and frees of the step. */
  readonly events: number;
}

/**
 * Plays a scenario's step without the rest of an estimate.
 *
 * @returns Null where a whole estimate has to tell.
 */
export function probeOf(scenario: Scenario, model: Model): Probe | null {
  if (scenario.method !== "timeline") return null;
  if (scenario.task === "serve") return probeOfServing(scenario, model);
  if (uncoveredBy(scenario) !== null) return null;
  if (imageProblem(scenario, model) !== null) return null;
  const play = (): Step => {
    const step = playStep(scenario, model);
    if ("reason" in step) throw new Error(step.reason);
    return step;
  };
  const step = playStep(scenario, model);
  if ("reason" in step) return null;
  const peak = new DevicePeak(scenario, step, play);
  return {
    method: "timeline",
    played: {
      least: peak.least,
      surely: peak.surely,
      events: step.program.events,
    },
    fits: () => peak.fits,
    release: () => peak.release(),
    fitsCautiously: (spare) => peak.fitsCautiously(spare),
  };
}

/** What an engine says of it; of the band, only a whole estimate. */
function probeOfServing(scenario: Scenario, model: Model): Probe | null {
  const mesh = meshOf(scenario.parallel, model.architecture);
  if (!mesh.ok) return null;
  const answer = serve({ scenario, model, mesh: mesh.value });
  if ("reason" in answer || !answer.ok) return null;
  const { fits } = servedNeed(answer.value.served, scenario);
  return {
    method: "timeline",
    played: null,
    fits: () => fits,
    release: () => {},
    fitsCautiously(spare) {
      const whole = estimateScenario(scenario, model);
      if (!whole.ok) return false;
      return probeOfEstimate(
        whole.value,
        whole.value.fit[0]?.usable_bytes ?? 0,
      ).fitsCautiously(spare);
    },
  };
}

/** The same of a whole estimate. */
export function probeOfEstimate(
  { memory, method, serve, kv, fit, scenario }: Estimate,
  usable: number,
): Probe {
  const high = memory.high_bytes ?? Infinity;
  if (serve) {
    // An engine fills its pool whatever is asked of it.
    const fits = fit[0]?.fits === true &&
      (serve.kv_pool_bytes === null ||
        (kv?.max_sequences ?? Infinity) >= scenario.serve.batch);
    return {
      method,
      played: null,
      fits: () => fits,
      release: () => {},
      fitsCautiously: (spare = 0) => fits && high <= usable * (1 - spare),
    };
  }
  return {
    method,
    played: null,
    fits: () => memory.device_peak_bytes <= usable,
    release: () => {},
    fitsCautiously: (spare = 0) => high <= usable * (1 - spare),
  };
}
