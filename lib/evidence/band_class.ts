import type { Scenario } from "../scenario/schema.ts";
import type { MemoryCounter } from "./figure.ts";

/** A class of cases whose errors are like. Null stands for any. */
export interface BandClass {
  task: Scenario["task"];
  /** How it trains, or what serves. */
  kind: string | null;
  gpus: "one" | "many" | null;
  counter: MemoryCounter | null;
}

/**
 * The classes that a Scenario belongs to, narrowest first. The last take every
 * counter of a peak that the method predicts itself: where the device was read
 * too seldom, PyTorch's counters speak for it.
 */
export function bandClassesOf(
  { task, train, serve, parallel }: Scenario,
  counter: MemoryCounter,
): BandClass[] {
  const kind = task === "train" ? train.method : serve.engine;
  const gpus = parallel.gpus > 1 ? "many" : "one";
  return [
    { task, kind, gpus, counter },
    { task, kind: null, gpus, counter },
    { task, kind: null, gpus: null, counter },
    { task, kind, gpus: null, counter: null },
    { task, kind: null, gpus: null, counter: null },
  ];
}

/** The class in words: "QLoRA training runs on one GPU". */
export function wordsFor({ task, kind, gpus, counter }: BandClass): string {
  const runs = task === "train"
    ? `${kind === null ? "" : `${TRAINED[kind] ?? kind} `}training runs`
    : `serving runs${kind === null ? "" : ` of ${kind}`}`;
  const on = gpus === null ? "" : gpus === "one" ? " on one GPU" : MANY;
  return `${runs}${on}${counter === null ? ", by any counter of a peak" : ""}`;
}

const MANY = " on several GPUs";

const TRAINED: Record<string, string> = {
  full: "full",
  lora: "LoRA",
  qlora: "QLoRA",
};
