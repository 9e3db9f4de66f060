import { spreadBy } from "../scenario/engine_name.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { MemoryCounter } from "./figure.ts";

/** A class of cases whose errors are like. Null stands for any. */
export interface BandClass {
  task: Scenario["task"];
  /** How it trains, or what serves. */
  kind: string | null;
  gpus: "one" | "many" | null;
  /** What spreads a training step over GPUs. */
  engine: ReturnType<typeof spreadBy>;
  counter: MemoryCounter | null;
}

/**
 * The classes that a Scenario belongs to, narrowest first: of many GPUs those of
 * its engine before all. Some take every counter of a peak that the method
 * predicts itself: where the device was read too seldom, PyTorch's counters speak
 * for it.
 */
export function bandClassesOf(
  scenario: Scenario,
  counter: MemoryCounter,
): BandClass[] {
  const { task, train, serve, parallel } = scenario;
  const kind = task === "train" ? train.method : serve.engine;
  const gpus = parallel.gpus > 1 ? "many" : "one";
  if (task === "serve") {
    // What one engine holds says nothing of another's rules.
    return [
      { task, kind, gpus, engine: null, counter },
      { task, kind, gpus: null, engine: null, counter: null },
    ];
  }
  const engine = spreadBy(scenario);
  const wide = [
    { task, kind, gpus, engine: null, counter },
    { task, kind: null, gpus, engine: null, counter },
    { task, kind: null, gpus: null, engine: null, counter },
    { task, kind, gpus: null, engine: null, counter: null },
    { task, kind: null, gpus: null, engine: null, counter: null },
  ] as const;
  return engine === null ? [...wide] : [
    { task, kind, gpus, engine, counter },
    { task, kind: null, gpus, engine, counter },
    { task, kind: null, gpus, engine, counter: null },
    ...wide,
  ];
}

/** The class in words: "QLoRA training runs on one GPU". */
export function wordsFor(
  { task, kind, gpus, engine, counter }: BandClass,
): string {
  const runs = task === "train"
    ? `${kind === null ? "" : `${TRAINED[kind] ?? kind} `}training runs`
    : `serving runs${kind === null ? "" : ` of ${kind}`}`;
  const under = engine === null ? "" : ` under ${ENGINES[engine]}`;
  const on = gpus === null ? "" : gpus === "one" ? " on one GPU" : MANY;
  return `${runs}${under}${on}${
    counter === null ? ", by any counter of a peak" : ""
  }`;
}

const MANY = " on several GPUs";

const ENGINES: Record<NonNullable<BandClass["engine"]>, string> = {
  single: "no engine",
  ddp: "DDP",
  deepspeed: "DeepSpeed",
  fsdp: "FSDP",
  fsdp2: "FSDP2",
  megatron: "Megatron",
  "megatron-deepspeed": "Megatron with DeepSpeed",
};

const TRAINED: Record<string, string> = {
  full: "full",
  lora: "LoRA",
  qlora: "QLoRA",
};
