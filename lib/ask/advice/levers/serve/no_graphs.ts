import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** No CUDA graphs. */
export const noGraphs: Lever = {
  task: "serve",
  cost: COST.slower,
  propose: ({ serve: { engine, enforce_eager } }) =>
    (engine === "vllm" || engine === "sglang" || engine === "tgi") &&
      enforce_eager !== true
      ? [{
        set: { "serve.enforce_eager": true },
        words: "No CUDA graphs",
        price: "the same result; small batches decode more slowly",
      }]
      : [],
};
