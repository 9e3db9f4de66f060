import type { Scenario } from "../../../../scenario/schema.ts";
import type { Lever, Proposal } from "../../lever.ts";
import { COST, moreThan } from "../../lever.ts";
import { isBitsandbytes } from "./bitsandbytes.ts";

const STAGES = [1, 2, 3];

/** Whether GPUs are replicas of one another, which ZeRO or FSDP could shard. */
function areReplicas({ parallel, engine }: Scenario): boolean {
  const { tp, pp, cp, ep } = parallel;
  return tp * pp * cp * ep === 1 && !engine.name.startsWith("megatron");
}

/** What shards as much as can be, in the engine that is there. */
function wholly(scenario: Scenario): Proposal["set"] {
  const { name, zero_stage, sharding } = scenario.engine;
  if (name === "deepspeed") {
    return zero_stage === 3 ? {} : { "engine.zero_stage": 3 };
  }
  const isFsdp = name === "fsdp" || name === "fsdp2";
  if (!isFsdp && zero_stage > 0) return { "engine.zero_stage": 3 };
  if (!isFsdp && isBitsandbytes(scenario)) {
    return { "engine.name": "deepspeed", "engine.zero_stage": 3 };
  }
  return {
    ...(isFsdp ? {} : { "engine.name": "fsdp2" }),
    ...(sharding === "full" ? {} : { "engine.sharding": "full" }),
  };
}

/** ZeRO or FSDP over the GPUs that are there. */
export const shards: Lever = {
  task: "train",
  cost: COST.slower,
  propose(scenario) {
    const { engine, parallel } = scenario;
    if (parallel.gpus === 1 || !areReplicas(scenario)) return [];
    if (engine.name === "deepspeed" || engine.zero_stage > 0) {
      return STAGES.filter((stage) => stage > engine.zero_stage).map((
        stage,
      ) => ({
        set: { "engine.zero_stage": stage },
        words: `ZeRO ${stage} over the ${parallel.gpus} GPUs`,
        price: "the same result; more goes over the links in each step",
      }));
    }
    const set = wholly(scenario);
    return Object.keys(set).length === 0 ? [] : [{
      set,
      words: `${
        "engine.zero_stage" in set ? "ZeRO 3" : "FSDP"
      } over the ${parallel.gpus} GPUs, all of it sharded`,
      price:
        "the same result; weights are gathered over the links layer by layer",
    }];
  },
};

/** ZeRO or FSDP over more GPUs. */
export const moreGpus: Lever = {
  task: "train",
  cost: COST.hardware,
  propose(scenario) {
    const { parallel } = scenario;
    if (!areReplicas(scenario)) return [];
    return moreThan(parallel.gpus).map((gpus) => ({
      set: { "parallel.gpus": gpus, ...wholly(scenario) },
      words: `${gpus} GPUs, all of it sharded over them`,
      price: `${gpus} GPUs of this kind in place of ${parallel.gpus}`,
    }));
  },
};
