import type { AdvisedSet } from "../answer/advice.ts";
import type { Scenario } from "../scenario/schema.ts";

/** Engines that fill a share of a GPU with their cache before anybody asks. */
const POOLED: ReadonlySet<Scenario["serve"]["engine"]> = new Set([
  "vllm",
  "sglang",
  "tgi",
  "tensorrt-llm",
]);

/** Whether an engine takes its cache up front. */
export function hasPool({ serve }: Scenario): boolean {
  return POOLED.has(serve.engine);
}

/** Whether GPUs are replicas of one another, which ZeRO or FSDP could shard. */
export function areReplicas({ parallel, engine }: Scenario): boolean {
  const { tp, pp, cp, ep } = parallel;
  return tp * pp * cp * ep === 1 && !engine.name.startsWith("megatron");
}

/** Whether a scenario's optimizer is one of bitsandbytes' own. */
function isBitsandbytes({ optimizer }: Scenario): boolean {
  return optimizer.paged || optimizer.bits < 32;
}

/** What shards as much as can be, in the engine that is there. */
export function shardedWholly(scenario: Scenario): AdvisedSet {
  const { name, zero_stage, sharding } = scenario.engine;
  const isFsdp = name === "fsdp" || name === "fsdp2";
  if (name === "deepspeed" || (!isFsdp && zero_stage > 0)) {
    return zero_stage === 3 ? {} : { "engine.zero_stage": 3 };
  }
  // FSDP's shards are nothing for bitsandbytes.
  if (!isFsdp && isBitsandbytes(scenario)) {
    return { "engine.name": "deepspeed", "engine.zero_stage": 3 };
  }
  return {
    ...(isFsdp ? {} : { "engine.name": "fsdp2" }),
    ...(sharding === "full" ? {} : { "engine.sharding": "full" }),
  };
}

/**
 * What lays a scenario out over so many GPUs so that each holds the least: shards of
 * replicas; replicas of what is split otherwise; a server's matrices, or its layers.
 */
export function overGpus(scenario: Scenario, gpus: number): AdvisedSet {
  const { task, parallel } = scenario;
  if (task === "serve") {
    return {
      "parallel.gpus": gpus,
      ...(hasPool(scenario)
        ? { "parallel.tp": Math.max(1, Math.floor(gpus / parallel.pp)) }
        : {}),
    };
  }
  return {
    "parallel.gpus": gpus,
    ...(gpus > 1 && areReplicas(scenario) ? shardedWholly(scenario) : {}),
  };
}
