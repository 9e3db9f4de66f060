import type { Model } from "../models/model.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { NotPlayed, Step } from "../engines/step.ts";
import {
  playRanks as ranksAlone,
  playStep as stepAlone,
} from "../engines/step.ts";
import { withLoading } from "../engines/loading/with_loading.ts";
import { criticBeside } from "./critic_beside.ts";
import { vllmBeside } from "./vllm_beside.ts";

/** As the engines play it, with what generates beside training on the same GPU, and
 * how the model is loaded before. */
export function playRanks(
  scenario: Scenario,
  model: Model,
): readonly Step[] | NotPlayed {
  const steps = ranksAlone(scenario, model, {
    workspaces: true,
    rollout: vllmBeside(scenario, model),
    critic: criticBeside(scenario),
  });
  return "reason" in steps ? steps : steps.map(withLoading);
}

/** As {@linkcode playRanks}, of the rank that is asked for, or the most loaded. */
export function playStep(
  scenario: Scenario,
  model: Model,
): Step | NotPlayed {
  const step = stepAlone(scenario, model, {
    workspaces: true,
    rollout: vllmBeside(scenario, model),
    critic: criticBeside(scenario),
  });
  return "reason" in step ? step : withLoading(step);
}
