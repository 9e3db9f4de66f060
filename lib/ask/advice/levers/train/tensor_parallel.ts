import { divisorsOf } from "../../../../parallel/nearest.ts";
import type { Scenario } from "../../../../scenario/schema.ts";
import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** Objectives that Megatron-LM trains for itself. */
const OBJECTIVES: ReadonlySet<string | null> = new Set([
  null,
  "pretrain",
  "sft",
]);

/** Whether Megatron-LM trains what a scenario trains. */
function isMegatrons(
  { method, objective, images_per_sample }: Scenario["train"],
): boolean {
  return method === "full" && OBJECTIVES.has(objective) &&
    images_per_sample === 0;
}

/** Each layer's matrices split over the GPUs of a node: Megatron's way. */
export const tensorParallel: Lever = {
  task: "train",
  cost: COST.hardware,
  propose({ parallel, engine, train }, { architecture }) {
    const { gpus, gpus_per_node, tp, pp, cp, ep } = parallel;
    const isOwn = engine.name === "megatron";
    const isOffloaded = engine.offload_optimizer !== "none" ||
      engine.offload_parameters !== "none";
    if (isOffloaded) return [];
    if (!isOwn && (!isMegatrons(train) || tp * pp * cp * ep > 1)) return [];
    return divisorsOf(gpus_per_node)
      .filter((wide) => wide > tp && architecture.attention_heads % wide === 0)
      .map((wide) => {
        const all = Math.max(gpus, wide * pp * cp);
        return {
          set: {
            ...(all === gpus ? {} : { "parallel.gpus": all }),
            "parallel.tp": wide,
            "parallel.sequence_parallel": true,
            ...(isOwn ? {} : { "engine.name": "megatron" }),
            ...(engine.zero_stage > 0 ? { "engine.zero_stage": 0 } : {}),
          },
          words: `Tensor parallel over ${wide} GPUs (Megatron)`,
          price: `${
            all === gpus ? "" : `${all} GPUs in place of ${gpus}, `
          }fast links between them, and Megatron's own code`,
        };
      });
  },
};
