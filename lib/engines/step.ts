import { cublasWorkspaceBytes } from "../hardware/cublas_workspace.ts";
import { gpuOf } from "../hardware/gpus.ts";
import type { Model } from "../models/model.ts";
import type { Scenario } from "../scenario/schema.ts";
import { groupDigits } from "../units/mod.ts";
import { MAX_EVENTS } from "../play/memory/limits.ts";
import { TapeFull } from "../play/memory/tape.ts";
import type { Program } from "../play/program/act.ts";
import type { Peaks } from "../play/readers/peak.ts";
import { peaksOf } from "../play/readers/peak.ts";
import { implementationOf } from "../optimizers/implementation.ts";
import type { OptimizerRule } from "../optimizers/rule.ts";
import { optimizerRule } from "../optimizers/rules.ts";
import type { Implementation } from "../optimizers/step_temporaries.ts";
import { stepOfOne } from "../optimizers/step_of_one.ts";
import type { StepPlan } from "../plan/step_plan.ts";
import { playedCode } from "../software/mod.ts";
import { stepPlanOf } from "../plan/step_plan.ts";
import { recordPass } from "./blocks/pass.ts";
import { singleProgram } from "./single.ts";

/** How a step is run. */
export interface StepSettings {
  /** Whether memory that kernels take inside themselves is counted. */
  readonly workspaces: boolean;
}

/** A training step on one GPU, after the first: optimizer states stand. */
export interface Step extends Peaks {
  readonly plan: StepPlan;
  readonly rule: OptimizerRule;
  readonly implementation: Implementation;
  readonly program: Program;
  /** Bytes of checkpoints that the host holds when the backward pass begins. */
  readonly hostBytes: number;
}

/** cuBLAS keeps a workspace for each of the threads that run forward and backward. */
const CUBLAS_THREADS = 2;

/** Why a scenario's step cannot be played through. */
export interface NotPlayed {
  readonly reason: string;
}

/** Plays a scenario's training step through. */
export function playStep(
  scenario: Scenario,
  model: Model,
  settings: StepSettings = { workspaces: true },
): Step | NotPlayed {
  const rule = optimizerRule(
    scenario.optimizer,
    playedCode(scenario, model).optimizer,
    scenario.software.torch,
  );
  if (!rule) {
    return {
      reason:
        `the memory of optimizer.name ${scenario.optimizer.name} with ${scenario.optimizer.bits} bits is not modelled yet`,
    };
  }
  const plan = stepPlanOf(scenario, model);
  if ("reason" in plan) return plan;
  try {
    return run(plan, rule, settings);
  } catch (error) {
    if (error instanceof TapeFull) return { reason: error.message };
    throw error;
  }
}

function run(
  plan: StepPlan,
  rule: OptimizerRule,
  settings: StepSettings,
): Step | NotPlayed {
  const { scenario, inventory } = plan;
  const { trained } = inventory;
  const inBackward = scenario.optimizer.in_backward || rule.inBackward;
  const implementation = implementationOf(scenario, rule);
  const workspace = cublasWorkspaceBytes(gpuOf(scenario.hardware.gpu));
  const first = recordPass(
    plan,
    settings,
    inBackward
      ? {
        accumulation: "consume",
        stepBytes: stepOfOne(rule, implementation, trained),
      }
      : { accumulation: "keep" },
  );
  const adds = scenario.train.gradient_accumulation > 1 && !inBackward;
  const program = singleProgram({
    scenario,
    inventory,
    trained,
    rule,
    implementation,
    inBackward,
    passes: adds
      ? [first, recordPass(plan, settings, { accumulation: "add" })]
      : [first],
    workspaces: settings.workspaces
      ? Array.from({ length: CUBLAS_THREADS }, () => workspace)
      : [],
  });
  const { events } = program;
  if (events > MAX_EVENTS) {
    return {
      reason: `a step of ${
        groupDigits(events)
      } allocations and frees, more than ${
        groupDigits(MAX_EVENTS)
      }, is not played through`,
    };
  }
  return {
    plan,
    rule,
    implementation,
    program,
    hostBytes: first.hostBytes,
    ...peaksOf(program),
  };
}
