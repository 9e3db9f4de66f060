import type { Scenario } from "../scenario/schema.ts";
import type { Stepped } from "../optimizers/step_acts.ts";
import { stateActs, temporaryActs } from "../optimizers/step_acts.ts";
import { stepOfOne } from "../optimizers/step_of_one.ts";
import type { Act, Program, Run } from "../play/program/act.ts";
import type { Pass } from "../play/program/pass.ts";
import { passActs } from "../play/program/pass.ts";
import type { StepPlan } from "../plan/step_plan.ts";
import type { Inventory } from "../plan/inventory.ts";
import {
  clearOf,
  firstStep,
  lengthOf,
  loadActs,
  workspaceActs,
} from "./acts.ts";
import type { Engine, RankQuestion } from "./engine.ts";
import { upcastActs } from "./upcast_acts.ts";
import { alike } from "./engine.ts";

/** What one GPU runs. */
export interface SinglePlan extends Stepped {
  readonly scenario: Scenario;
  readonly inventory: Inventory;
  /** The first micro-batch, and the ones that add to its gradients. */
  readonly passes: readonly Pass[];
  /** Whether the optimizer steps within the backward pass. */
  readonly inBackward: boolean;
  /** Bytes of each workspace that libraries keep. */
  readonly workspaces: readonly number[];
}

/** A rank that has the model alone. */
export const single: Engine = {
  name: "single",
  reads: () => ["precision.master_weights"],
  refuses: (_, { gpus }) =>
    gpus > 1 ? `engine.name single runs on one GPU, not on ${gpus}` : null,
  ranks: (_, mesh) => alike(mesh),
  play(question) {
    const { scenario, plan: { inventory } } = question;
    const inBackward = scenario.optimizer.in_backward ||
      question.rule.inBackward;
    const passes = inBackward
      ? [consumingPass(question)]
      : microBatches(question);
    const program = singleProgram({
      ...question,
      inventory,
      trained: inventory.trained,
      passes,
      inBackward,
    });
    return { program, hostBytes: passes[0]?.hostBytes ?? 0 };
  },
};

/** A micro-batch, and another that stands for all that add to its gradients. */
export function microBatches(
  { scenario, plan, record }: Pick<
    RankQuestion,
    "scenario" | "plan" | "record"
  >,
): Pass[] {
  const first = record({ accumulation: "keep" });
  return scenario.train.gradient_accumulation > 1
    ? [first, laterPass(record({ accumulation: "add" }), plan)]
    : [first];
}

/** A pass that adds to gradients: completions are made before the first one alone. */
export function laterPass(
  pass: Pass,
  { objective }: Pick<StepPlan, "objective">,
): Pass {
  const { sides } = pass;
  return !sides || objective?.rollsWithin
    ? pass
    : { ...pass, sides: sides.filter(({ when }) => when !== "rollout") };
}

/** A micro-batch within whose backward pass the optimizer steps. */
function consumingPass(
  { rule, implementation, plan, record }: RankQuestion,
): Pass {
  const { trained } = plan.inventory;
  return record({
    accumulation: "consume",
    stepBytes: stepOfOne(rule, implementation, trained),
  });
}

/** What goes with the loss goes when the last backward pass is over. */
function released(act: Run): Run {
  return act.name === "released"
    ? { ...act, phase: "optimizer", at: "optimizer" }
    : act;
}

/** The program of a rank that has the model alone. */
export function singleProgram(plan: SinglePlan): Program {
  const { scenario, inBackward } = plan;
  const passes = plan.passes.map(passActs);
  const none: readonly Act[] = [];
  const step = none.concat(
    ...passes.map(({ acts }, at) =>
      at < passes.length - 1 || inBackward ? acts : acts.map(released)
    ),
    inBackward ? [] : temporaryActs(plan, scenario.optimizer.name),
    clearOf(plan, passes),
  );
  return {
    load: loadActs(plan.inventory),
    passing: upcastActs(plan.inventory, scenario),
    first: none.concat(
      workspaceActs(plan.workspaces),
      firstStep(step, stateActs(plan, scenario)),
    ),
    step,
    ...lengthOf(passes, plan),
  };
}
