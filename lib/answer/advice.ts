/** A value that a change gives a field of a Scenario. */
export type AdvisedValue = string | number | boolean;

/** Fields of a Scenario by their dotted paths, and what each is set to. */
export type AdvisedSet = Readonly<Record<string, AdvisedValue>>;

/** One change of a scenario, and what the estimator makes of it. */
export interface AdvisedChange {
  set: AdvisedSet;
  /** The change in words: "Full activation checkpointing". */
  words: string;
  /** Bytes that a GPU has to hold with it, pages that give way left out. */
  peak_bytes: number;
  /** By how much that is less than now; below 0 where it is more. */
  saves_bytes: number;
  /** Whether the scenario fits with this change alone. */
  fits: boolean;
  /** What it costs beside memory, in plain words. */
  price: string;
}

/** What would make a scenario fit. */
export interface Advice {
  now: {
    /** Bytes that a GPU has to hold, pages that give way left out. */
    peak_bytes: number;
    /** When serving: the engine starts, and holds all sequences that are asked for. */
    fits: boolean;
  };
  /** Single changes: first those that are enough, then the cheapest. */
  changes: AdvisedChange[];
  /** The cheapest changes that are enough together; null where none are, or needed. */
  together: { set: AdvisedSet; peak_bytes: number; fits: boolean } | null;
  /** GPUs of this kind on which it fits, else unchanged; null where none are enough. */
  gpus_needed: number | null;
  /** The GPU of the catalogue with the least memory on which it fits unchanged. */
  smallest_gpu: string | null;
}
