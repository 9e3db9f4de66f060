import { LRUCache } from "lru-cache";
import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { AllocatorPeaks } from "../../play/readers/allocator/peaks.ts";
import { allocatorPeaks } from "../../play/readers/allocator/peaks.ts";
import type { NotPlayed, Step } from "../../engines/step.ts";
import { playRanks } from "../../rollouts/played.ts";
import type { PlayedClass } from "./ranks.ts";
import { playedClass } from "./ranks.ts";

/** A step and what PyTorch's allocator takes for it where there is no limit. */
export interface Played {
  readonly step: Step;
  readonly peaks: AllocatorPeaks;
  /** All classes of ranks, the most loaded first; none on one GPU. */
  readonly classes: readonly PlayedClass[];
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

const ENTRIES = new LRUCache<string, Entry>({
  maxSize: MOST_BYTES,
  maxEntrySize: MOST_BYTES / 4,
  sizeCalculation: ({ bytes }) => bytes,
});

/**
 * Plays a scenario's step. The last ones are remembered: a page and its answer,
 * and whoever comes back to a scenario, ask for the same one.
 */
export function playedStep(
  scenario: Scenario,
  model: Model,
): Played | NotPlayed {
  const key = JSON.stringify(scenario);
  const known = ENTRIES.get(key);
  if (known?.model === model) return known.played;
  const asked = playRanks(scenario, model);
  if ("reason" in asked) return asked;
  const all = scenario.parallel.rank === null
    ? asked
    : playRanks(withoutRank(scenario), model);
  if ("reason" in all) return all;
  const step = asked[0] as Step;
  const classes = scenario.parallel.gpus > 1 ? all.map(playedClass) : [];
  const played = { step, peaks: allocatorPeaks(step), classes };
  ENTRIES.set(key, { model, played, bytes: 2 * key.length + bytesOf(step) });
  return played;
}

function withoutRank(scenario: Scenario): Scenario {
  return { ...scenario, parallel: { ...scenario.parallel, rank: null } };
}

function bytesOf({ program: { load, step }, plan }: Step): number {
  const tapes = new Set(
    step.flatMap((act) => act.act === "run" ? [act.segment.tape] : []),
  );
  const noted = [...tapes].reduce(
    (sum, { events, bytes }) => sum + events.length + bytes.length,
    load.length + step.length,
  );
  return BYTES_EACH * noted + TENSOR_BYTES * plan.model.tensors.length;
}
