import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** vLLM beside training gives back what it holds while the policy learns. */
export const rolloutSleep: Lever = {
  task: "train",
  cost: COST.little,
  propose: ({ train }) =>
    train.objective !== "grpo" || train.rollout.engine !== "vllm" ||
      train.rollout.sleep === true
      ? []
      : [{
        set: { "train.rollout.sleep": true },
        words: "vLLM sleeps while the policy learns",
        price:
          "the same result; a little slower: vLLM drops its weights and gets them again at each rollout",
      }],
};
