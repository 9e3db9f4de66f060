import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { AllocatorPeaks } from "../../step/reserved.ts";
import { allocatorPeaks } from "../../step/reserved.ts";
import type { NotPlayed, Step } from "../../step/step.ts";
import { playStep } from "../../step/step.ts";

/** A step and what PyTorch's allocator takes for it where there is no limit. */
export interface Played {
  readonly step: Step;
  readonly peaks: AllocatorPeaks;
}

interface Entry {
  readonly model: Model;
  readonly played: Played;
  readonly bytes: number;
}

/** What is remembered takes so many bytes at most, about. */
const MOST_BYTES = 8 * 1024 ** 2;

/** Bytes of what is noted of a storage, an event and a stretch, about. */
const BYTES_EACH = 64;

/** Bytes of a tensor of the model and of what the plan of a step says of it. */
const TENSOR_BYTES = 1024;

/**
 * Plays a scenario's step. The last ones are remembered: a page asks for the same
 * scenario several times, for its answer, what is largest and what is nearest.
 */
export function playedStep(
  scenario: Scenario,
  model: Model,
): Played | NotPlayed {
  const key = JSON.stringify(scenario);
  const known = ENTRIES.get(key);
  if (known && known.model === model) {
    ENTRIES.delete(key);
    ENTRIES.set(key, known);
    return known.played;
  }
  const step = playStep(scenario, model);
  if ("reason" in step) return step;
  const played = { step, peaks: allocatorPeaks(step) };
  remember(key, { model, played, bytes: 2 * key.length + bytesOf(step) });
  return played;
}

/** Oldest first. */
const ENTRIES = new Map<string, Entry>();
let total = 0;

function remember(key: string, entry: Entry): void {
  forget(key);
  if (entry.bytes > MOST_BYTES / 4) return;
  ENTRIES.set(key, entry);
  total += entry.bytes;
  for (const oldest of ENTRIES.keys()) {
    if (total <= MOST_BYTES) break;
    forget(oldest);
  }
}

function forget(key: string): void {
  total -= ENTRIES.get(key)?.bytes ?? 0;
  ENTRIES.delete(key);
}

function bytesOf({ stretches, plan }: Step): number {
  const tapes = new Set(stretches.map(({ segment }) => segment.tape));
  const noted = [...tapes].reduce(
    (sum, { events, bytes }) => sum + events.length + bytes.length,
    stretches.length,
  );
  return BYTES_EACH * noted + TENSOR_BYTES * plan.model.tensors.length;
}
