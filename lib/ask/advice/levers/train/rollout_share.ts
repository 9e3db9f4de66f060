import { ROLLOUT_SHARE, vllmBeside } from "../../../../rollouts/vllm_beside.ts";
import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** Hundredths of a GPU by which what vLLM is given shrinks. */
const STEP = 5;

/** vLLM beside training is given less of the GPU, as long as it starts. */
export const rolloutShare: Lever = {
  task: "train",
  cost: COST.slower,
  propose: (scenario, model) => {
    const { rollout } = scenario.train;
    if (vllmBeside(scenario, model) === null) return [];
    const given = Math.round(
      100 * (rollout.memory_utilization ?? ROLLOUT_SHARE),
    );
    const count = Math.max(0, Math.ceil(given / STEP) - 1);
    return Array.from({ length: count }, (_, at) => given - STEP * (at + 1))
      .map((hundredths) => hundredths / 100)
      .filter((share) => starts(share))
      .map((share) => ({
        set: { "train.rollout.memory_utilization": share },
        words: `${share} of the GPU for vLLM`,
        price:
          "the same result; slower rollouts: vLLM's cache holds fewer completions at a time",
      }));

    function starts(share: number): boolean {
      const asked = {
        ...scenario,
        train: {
          ...scenario.train,
          rollout: { ...rollout, memory_utilization: share },
        },
      };
      return vllmBeside(asked, model)?.refusal === null;
    }
  },
};
