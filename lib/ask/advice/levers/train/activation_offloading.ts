import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** Engines whose passes take activations to the host. */
const ENGINES: readonly string[] = ["auto", "single", "ddp", "fsdp", "fsdp2"];

/** What the backward pass needs of checkpoints and losses waits on the host. */
export const activationOffloading: Lever = {
  task: "train",
  cost: COST.muchSlower,
  propose: ({ train, engine }) =>
    train.activation_offloading !== "none" || train.checkpoint_offload ||
      !ENGINES.includes(engine.name)
      ? []
      : [{
        set: {
          "train.checkpointing": "full",
          "train.activation_offloading": "sync",
        },
        words: "Activations wait in host memory",
        price:
          "the same result; slower by the forward that runs again and by copies over PCIe, and the host holds them",
      }],
};
