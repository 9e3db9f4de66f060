import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** Checkpoints that wait for the backward pass in the host's memory. */
export const checkpointOffload: Lever = {
  task: "train",
  cost: COST.muchSlower,
  propose: ({ train }) =>
    train.checkpoint_offload ? [] : [{
      set: {
        "train.checkpointing": "full",
        "train.checkpoint_offload": true,
      },
      words: "Checkpoints kept in host memory",
      price:
        "the same result; slower by the forward that runs again and by copies over PCIe",
    }],
};
