import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** Adapters over weights in 4 bits. */
export const qloraInstead: Lever = {
  task: "train",
  cost: COST.another,
  propose: ({ train: { method, objective }, quantization: { weights } }) =>
    method !== "qlora" && objective !== "pretrain" &&
      (weights === null || weights === "none")
      ? [{
        set: { "train.method": "qlora" },
        words: "QLoRA: adapters over 4-bit weights",
        price:
          "another result, close to LoRA's; slower: weights are unpacked wherever they are used",
      }]
      : [],
};
