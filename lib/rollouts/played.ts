import type { Model } from "../models/model.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { NotPlayed, Step } from "../engines/step.ts";
import {
  playRanks as ranksAlone,
  playStep as stepAlone,
} from "../engines/step.ts";
import { criticBeside } from "./critic_beside.ts";
import { vllmBeside } from "./vllm_beside.ts";

/** As the engines play it, with what generates beside training on the same GPU. */
export function playRanks(
  scenario: Scenario,
  model: Model,
): readonly Step[] | NotPlayed {
  return ranksAlone(scenario, model, {
    workspaces: true,
    rollout: vllmBeside(scenario, model),
    critic: criticBeside(scenario),
  });
}

/** As {@linkcode playRanks}, of the rank that is asked for, or the most loaded. */
export function playStep(
  scenario: Scenario,
  model: Model,
): Step | NotPlayed {
  return stepAlone(scenario, model, {
    workspaces: true,
    rollout: vllmBeside(scenario, model),
    critic: criticBeside(scenario),
  });
}
