import type { LayerCache } from "../../models/families/code/cache.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import type { Peaks } from "../../play/readers/peak.ts";
import { changeOf, peaksOf } from "../../play/readers/peak.ts";
import type { GenerationCode } from "./generation_code.ts";
import type { CacheChoice } from "./cache_choice.ts";
import { passCache } from "./cache_choice.ts";
import type { RecordedPass } from "./passes.ts";
import { recordServed } from "./passes.ts";
import type { Passes, ServedProgram } from "./program.ts";
import { servedProgram } from "./program.ts";
import type { Share } from "./shares.ts";

/** All that the generation of a batch needs to know of a scenario and its model. */
export interface GenerationPlan {
  readonly plan: StepPlan;
  /** What each layer keeps between tokens. */
  readonly caches: readonly LayerCache[];
  readonly kept: CacheChoice;
  readonly code: GenerationCode;
}

/** A batch, and how long its sequences are. */
export interface GeneratedBatch {
  readonly batch: number;
  readonly prompt: number;
  /** Tokens that each sequence gets; the prompt's pass gives the first. */
  readonly generated: number;
}

/** A generation as one GPU plays it. */
export interface Generation extends ServedProgram {
  readonly peak: Peaks["peak"];
  /** Bytes of weights, workspaces and inputs, which stand throughout. */
  readonly standing: number;
  /** Bytes of the caches when the last token is there. */
  readonly cacheBytes: number;
}

/** A generation whose passes are recorded, for any GPU that has a share of them. */
export interface RecordedGeneration {
  /** @param workspaces Bytes of each workspace that libraries keep. */
  programOn(share: Share, workspaces: readonly number[]): ServedProgram;
  /** The same, with how high its tensors reach. */
  playOn(share: Share, workspaces: readonly number[]): Generation;
}

/**
 * Records the generation of a batch, each kind of layer once a pass.
 *
 * @param isBrief Whether the first token after the prompt is left out where the
 *   last one surely reaches as high.
 */
export function recordGeneration(
  whole: GenerationPlan,
  asked: GeneratedBatch,
  isBrief = false,
): RecordedGeneration {
  const passes = passesOf(whole, asked, isBrief && growsAlone(whole));
  const { batch, prompt, generated } = asked;
  // Ids and their mask, a number each.
  const inputs = 16 * batch * (prompt + Math.max(0, generated - 1));
  const programOn = (share: Share, workspaces: readonly number[]) =>
    servedProgram(whole.plan, share, passes, { inputs, workspaces });
  return {
    programOn,
    playOn: (share, workspaces) => {
      const served = programOn(share, workspaces);
      const { peak, standingBytes: standing } = peaksOf(served.program);
      const cacheBytes = served.program.step.reduce(
        (sum, act) => sum + changeOf(act).net,
        0,
      );
      return { ...served, peak, standing, cacheBytes };
    },
  };
}

/** Whether each token's cache is larger than that of the one before. */
function growsAlone({ caches, kept }: GenerationPlan): boolean {
  const cuts = caches.some((keeps) =>
    keeps.some(({ kind }) => kind === "window" || kind === "chunk")
  );
  return !cuts && kept.kind !== "static";
}

function passesOf(
  { plan, caches, kept, code }: GenerationPlan,
  { batch, prompt, generated }: GeneratedBatch,
  isBrief: boolean,
): Passes {
  const pass = (before: number, fresh: number): RecordedPass =>
    recordServed(plan, caches, {
      batch,
      fresh,
      cache: passCache(kept, { batch, before, fresh, prompt }),
      code,
    });
  const token = (number: number) =>
    kept.kind === "none"
      ? pass(0, prompt + number)
      : pass(prompt + number - 1, 1);
  const prefill = pass(0, prompt);
  const decoded = generated - 1;
  if (decoded < 1) return { prefill, decode: [] };
  if (isBrief) return { prefill, decode: [token(decoded)] };
  const first = token(1);
  // What stands is found alike by all tokens.
  const last = kept.kind === "static" ? first : token(decoded);
  return { prefill, decode: decoded === 1 ? [first] : [first, last] };
}
