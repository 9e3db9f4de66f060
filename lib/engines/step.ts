import { cublasWorkspaceBytes } from "../hardware/cublas_workspace.ts";
import { gpuOf } from "../hardware/gpus.ts";
import type { Model } from "../models/model.ts";
import type { Scenario } from "../scenario/schema.ts";
import { groupDigits } from "../units/mod.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import { MAX_EVENTS } from "../play/memory/limits.ts";
import type { LiveTensors } from "../play/readers/live.ts";
import { each, liveAt } from "../play/readers/live.ts";
import { implementationOf } from "../optimizers/implementation.ts";
import type { OptimizerRule } from "../optimizers/rule.ts";
import {
  optimizerRule,
  stateBytes,
  stateCount,
  statePrecision,
} from "../optimizers/rules.ts";
import type { Implementation } from "../optimizers/step_temporaries.ts";
import { stepTemporaries } from "../optimizers/step_temporaries.ts";
import { stepOfOne } from "../optimizers/step_of_one.ts";
import type { Pass } from "./blocks/pass.ts";
import { recordPass } from "./blocks/pass.ts";
import type { StepPlan } from "../plan/step_plan.ts";
import { playedCode } from "../software/mod.ts";
import { stepPlanOf } from "../plan/step_plan.ts";
import type { PhaseName, Stretch } from "./blocks/schedule.ts";
import { passStretches } from "./blocks/schedule.ts";
import { roundedBytes, TapeFull } from "../play/memory/tape.ts";

/** How a step is run. */
export interface StepSettings {
  /** Whether memory that kernels take inside themselves is counted. */
  readonly workspaces: boolean;
}

/** An instant of the step. */
export interface Instant {
  readonly phase: PhaseName;
  readonly at: Stretch["at"];
  readonly bytes: number;
  /** What stands then, largest first; sums to the bytes. */
  readonly live: readonly LiveTensors[];
}

/** A training step on one GPU, after the first: optimizer states stand. */
export interface Step {
  readonly plan: StepPlan;
  readonly rule: OptimizerRule;
  readonly implementation: Implementation;
  /** The first micro-batch, and the ones that add to its gradients. */
  readonly passes: readonly Pass[];
  readonly stretches: readonly Stretch[];
  /** Allocations and frees. */
  readonly events: number;
  /** What stands before the step begins, and after it ends. */
  readonly resident: readonly LiveTensors[];
  readonly residentBytes: number;
  readonly gradients: LiveTensors;
  /** What the optimizer makes and frees within its step. */
  readonly temporaries: LiveTensors;
  /**
   * What the step's own tensors reach, in bytes; the peak counts the libraries'
   * workspaces too.
   */
  readonly phases: {
    readonly load: number;
    readonly forward: number;
    readonly backwardStart: number;
    readonly backward: number;
    readonly backwardEnd: number;
    readonly optimizer: number;
    readonly steady: number;
  };
  readonly peak: Instant;
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
  const { scenario } = plan;
  const inBackward = scenario.optimizer.in_backward || rule.inBackward;
  const implementation = implementationOf(scenario, rule);
  const workspace = settings.workspaces
    ? CUBLAS_THREADS * cublasWorkspaceBytes(gpuOf(scenario.hardware.gpu))
    : 0;
  const states = stateBytes(
    rule,
    implementation,
    plan.trained,
    statePrecision(scenario.precision),
  );
  const trained = plan.trained.reduce(
    (total, { elements, copies }) => total + copies * elements,
    0,
  );
  const resident: LiveTensors[] = [
    ...plan.resident,
    {
      part: "optimizer states" as const,
      label: `states of ${scenario.optimizer.name}`,
      count: 1,
      bytes: states,
      terms: each(states, trained),
    },
    {
      part: "kernel workspaces" as const,
      label: "cuBLAS workspace",
      count: CUBLAS_THREADS,
      bytes: workspace,
    },
  ].filter(({ bytes }) => bytes > 0);
  const residentBytes = sum(resident);
  const kept = inBackward ? 0 : gradientBytes(plan);
  const gradients: LiveTensors = {
    part: "gradients",
    label: "gradients",
    count: 1,
    bytes: kept,
    terms: each(kept, trained),
  };

  const passes = [
    recordPass(
      plan,
      settings,
      inBackward
        ? {
          accumulation: "consume",
          stepBytes: stepOfOne(rule, implementation, plan.trained),
        }
        : { accumulation: "keep" },
    ),
  ];
  if (scenario.train.gradient_accumulation > 1 && !inBackward) {
    passes.push(recordPass(plan, settings, { accumulation: "add" }));
  }
  const stretches = passes.flatMap(passStretches);
  const events = eventsOf(stretches) + stateCount(rule, plan.trained);
  if (events > MAX_EVENTS) {
    return {
      reason: `a step of ${
        groupDigits(events)
      } allocations and frees, more than ${
        groupDigits(MAX_EVENTS)
      }, is not played through`,
    };
  }
  const played = replay(stretches, residentBytes);
  const optimizer = residentBytes + gradients.bytes +
    (inBackward ? 0 : stepTemporaries(
      rule,
      implementation,
      plan.trained,
    ));
  const made = optimizer - residentBytes - gradients.bytes;
  const temporaries: LiveTensors = {
    part: "optimizer temporaries",
    label: `temporaries of ${scenario.optimizer.name}, ${implementation}`,
    count: 1,
    bytes: made,
    ...(implementation === "foreach" ? { terms: each(made, trained) } : {}),
  };
  const binds = optimizer > played.peak.bytes;
  return {
    plan,
    rule,
    implementation,
    passes,
    stretches,
    events,
    resident,
    residentBytes,
    gradients,
    temporaries,
    phases: {
      load: sum(plan.resident),
      forward: played.phases.forward - workspace,
      backwardStart: played.phases.backwardStart - workspace,
      backward: played.phases.backward - workspace,
      backwardEnd: played.phases.backwardEnd - workspace,
      optimizer: optimizer - workspace,
      steady: residentBytes - workspace,
    },
    peak: binds
      ? {
        phase: "optimizer",
        at: "optimizer",
        bytes: optimizer,
        live: [...resident, gradients, temporaries]
          .filter(({ bytes }) => bytes > 0)
          .sort((a, b) => b.bytes - a.bytes),
      }
      : {
        ...played.peak,
        live: [
          ...resident,
          ...liveAt(stretches, played.peak.stretch, played.peak.event),
        ].sort((a, b) => b.bytes - a.bytes),
      },
  };
}

/** The highest points of a schedule that starts with so many bytes. */
function replay(stretches: readonly Stretch[], base: number) {
  let current = base;
  let backwardStart = base;
  const peaks = { forward: base, backward: base, optimizer: base };
  const peak = {
    phase: "forward" as PhaseName,
    at: "embeddings" as Stretch["at"],
    bytes: base,
    stretch: 0,
    event: 0,
  };
  let before: PhaseName = "forward";
  for (const [index, { phase, segment, at }] of stretches.entries()) {
    if (before === "forward" && phase === "backward") backwardStart = current;
    before = phase;
    const reached = current + segment.peak;
    if (reached > peaks[phase]) peaks[phase] = reached;
    if (reached > peak.bytes) {
      Object.assign(peak, {
        phase,
        at,
        bytes: reached,
        stretch: index,
        event: segment.peakAt,
      });
    }
    current += segment.net;
  }
  return {
    peak,
    phases: {
      forward: peaks.forward,
      backwardStart,
      backward: peaks.backward,
      backwardEnd: current,
    },
  };
}

function eventsOf(stretches: readonly Stretch[]): number {
  return stretches.reduce(
    (total, { segment }) => total + segment.to - segment.from,
    0,
  );
}

function gradientBytes({ trained }: StepPlan): number {
  return trained.reduce(
    (total, { elements, dtype, copies }) =>
      total + copies * roundedBytes(elements * DTYPE_BYTES[dtype]),
    0,
  );
}

function sum(tensors: readonly { bytes: number }[]): number {
  return tensors.reduce((total, { bytes }) => total + bytes, 0);
}
