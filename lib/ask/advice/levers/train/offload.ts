import type { Lever, Proposal } from "../../lever.ts";
import { COST } from "../../lever.ts";

const price =
  "the same result, slower by far: the host updates, and all of it goes over PCIe in every step";

/** States, then weights too, in the host's memory: DeepSpeed's ZeRO-Offload. */
export const offload: Lever = {
  task: "train",
  cost: COST.muchSlower,
  propose({ engine, parallel }) {
    const { name } = engine;
    const isOwn = name === "deepspeed";
    const isBare = name === "auto" || name === "single" || name === "ddp";
    if (!isOwn && !(isBare && parallel.tp * parallel.pp === 1)) return [];
    const under = (zero_stage: number) =>
      isOwn && engine.zero_stage >= zero_stage
        ? {}
        : { "engine.name": "deepspeed", "engine.zero_stage": zero_stage };
    const proposals: Proposal[] = [];
    if (engine.offload_optimizer === "none") {
      proposals.push({
        set: { ...under(2), "engine.offload_optimizer": "cpu" },
        words: "Optimizer on the host (ZeRO-Offload)",
        price,
      });
    }
    if (engine.offload_parameters === "none") {
      proposals.push({
        set: {
          ...under(3),
          ...(engine.offload_optimizer === "none"
            ? { "engine.offload_optimizer": "cpu" }
            : {}),
          "engine.offload_parameters": "cpu",
        },
        words: "Optimizer and weights on the host (ZeRO 3)",
        price,
      });
    }
    return proposals;
  },
};
