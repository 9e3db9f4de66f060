import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** Adapters train, the weights stay. */
export const loraInstead: Lever = {
  task: "train",
  cost: COST.another,
  propose: ({ train: { method, objective } }) =>
    method === "full" && objective !== "pretrain"
      ? [{
        set: { "train.method": "lora" },
        words: "LoRA in place of full fine-tuning",
        price: "another result: small adapters train, the weights stay",
      }]
      : [],
};
