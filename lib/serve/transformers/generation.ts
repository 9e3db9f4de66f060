import type { LayerCache } from "../../models/families/code/cache.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import type { AllocatorPeaks } from "../../play/readers/allocator/peaks.ts";
import { allocatorPeaks } from "../../play/readers/allocator/peaks.ts";
import type { Peaks } from "../../play/readers/peak.ts";
import { changeOf, peaksOf } from "../../play/readers/peak.ts";
import type { KeptKind } from "./kept_kind.ts";
import { passCache } from "./kept_kind.ts";
import type { RecordedPass } from "./passes.ts";
import { recordServed } from "./passes.ts";
import type { PhasePeaks } from "./phases.ts";
import { phasePeaks } from "./phases.ts";
import type { ServedProgram } from "./program.ts";
import { servedProgram } from "./program.ts";

/** All that the generation of a batch needs to know of a scenario and its model. */
export interface GenerationPlan {
  readonly plan: StepPlan;
  /** What each layer keeps between tokens. */
  readonly caches: readonly LayerCache[];
  readonly kept: KeptKind;
  readonly code: GenerationCode;
}

/** What a release of transformers does when it generates. */
export interface GenerationCode {
  /** Whether a prompt's logits are made of all its tokens. */
  readonly allLogits: boolean;
  /** Whether logits are cast to fp32 by the model's code. */
  readonly widensLogits: boolean;
  /** Whether next tokens are picked: not of a bare forward pass. */
  readonly picks: boolean;
}

/** A batch, and how long its sequences are. */
export interface GeneratedBatch {
  readonly batch: number;
  readonly prompt: number;
  /** Tokens that each sequence gets; the first of them is the prompt's. */
  readonly generated: number;
}

/** A generation that was played. */
export interface Generation extends ServedProgram, Peaks {
  readonly phasePeaks: PhasePeaks;
  /** Bytes of the caches when the last token is there. */
  readonly cacheBytes: number;
  /** Bytes that stand between two tokens at the end. */
  readonly endBytes: number;
}

/**
 * Plays the generation of a batch: the prompt, the first token after it, and the
 * last one.
 *
 * @param workspaces Bytes of each workspace that libraries keep.
 */
export function playGeneration(
  whole: GenerationPlan,
  { batch, prompt, generated }: GeneratedBatch,
  workspaces: readonly number[],
): Generation {
  const { plan, caches, kept, code } = whole;
  const pass = (before: number, fresh: number): RecordedPass =>
    recordServed(plan, caches, {
      batch,
      fresh,
      cache: passCache(kept, { batch, before, fresh, prompt }),
      allLogits: code.allLogits && before === 0,
      widens: code.widensLogits,
      picks: code.picks,
    });
  const rest = generated - 1;
  const token = (number: number) =>
    kept.kind === "none"
      ? pass(0, prompt + number)
      : pass(prompt + number - 1, 1);
  const first = rest > 0 ? token(1) : null;
  const decode = first
    ? [first, ...(rest > 1 ? [isSteady(kept) ? first : token(rest)] : [])]
    : [];
  // Ids and their mask, a number each.
  const inputs = 16 * batch * (prompt + Math.max(0, rest));
  const served = servedProgram(
    plan.inventory,
    { prefill: pass(0, prompt), decode },
    { inputs, workspaces },
  );
  const { program } = served;
  const beside = workspaces.reduce((sum, bytes) => sum + bytes, 0);
  const cacheBytes = program.step.reduce(
    (sum, act) => sum + changeOf(act).net,
    0,
  );
  const peaks = peaksOf(program);
  return {
    ...served,
    ...peaks,
    phasePeaks: phasePeaks(served, beside),
    cacheBytes,
    endBytes: peaks.standingBytes + cacheBytes,
  };
}

/** Whether all tokens after the first find what that one found. */
function isSteady(kept: KeptKind): boolean {
  return kept.kind === "static";
}

/** What PyTorch's allocator takes for a generation where there is no limit. */
export function generationPeaks(generation: Generation): AllocatorPeaks {
  return allocatorPeaks(generation);
}
