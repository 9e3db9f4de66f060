import { areReplicas, overGpus, shardedWholly } from "../../../over_gpus.ts";
import type { Lever } from "../../lever.ts";
import { COST, moreThan } from "../../lever.ts";

const STAGES = [1, 2, 3];

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
    const set = shardedWholly(scenario);
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
      set: overGpus(scenario, gpus),
      words: `${gpus} GPUs, all of it sharded over them`,
      price: `${gpus} GPUs of this kind in place of ${parallel.gpus}`,
    }));
  },
};
