import { cublasWorkspaceBytes } from "../hardware/cublas_workspace.ts";
import { gpuOf } from "../hardware/gpus.ts";
import type { RankGroups } from "../parallel/groups.ts";
import { groupsOf } from "../parallel/groups.ts";
import type { Mesh } from "../parallel/mesh.ts";
import { meshOf } from "../parallel/mesh.ts";
import type { Model } from "../models/model.ts";
import { withSplitEngine } from "../scenario/engine_name.ts";
import type { Scenario } from "../scenario/schema.ts";
import { groupDigits } from "../units/mod.ts";
import { MAX_EVENTS } from "../play/memory/limits.ts";
import { TapeFull } from "../play/memory/tape.ts";
import type { Program } from "../play/program/act.ts";
import type { Peaks } from "../play/readers/peak.ts";
import { peaksOf } from "../play/readers/peak.ts";
import { implementationOf } from "../optimizers/implementation.ts";
import type { OptimizerRule, Trained } from "../optimizers/rule.ts";
import { optimizerRule } from "../optimizers/rules.ts";
import type { Implementation } from "../optimizers/rule.ts";
import type {
  CriticShare,
  RolloutShare,
} from "../plan/objective/objective_plan.ts";
import type { StepPlan } from "../plan/step_plan.ts";
import { playedCode } from "../software/mod.ts";
import { learningPlanOf } from "../plan/objective/learning_plan.ts";
import type { EvaluationPlan } from "../plan/evaluation.ts";
import { stepPlanOf } from "../plan/step_plan.ts";
import type { AskedGathers } from "./asked_gathers.ts";
import { gatheringAsked } from "./asked_gathers.ts";
import { askedGathers, askedShares } from "./asked_shares.ts";
import { recordPass } from "./blocks/pass.ts";
import { allocatorOf } from "./driver.ts";
import { withHeldLeaf } from "./held_leaf.ts";
import { withEmptiedCache } from "./emptied_cache.ts";
import { evaluationOf, withEvaluation } from "./evaluated.ts";
import type { Loading } from "./loading/loading.ts";
import { withSaving } from "./saved.ts";
import type { Engine, HostPart, RankClass } from "./engine.ts";
import { engineOf } from "./mod.ts";

/** How a step is run. */
export interface StepSettings {
  /** Whether memory that kernels take inside themselves is counted. */
  readonly workspaces: boolean;
  /** What generates on the same GPU; null: nobody. */
  readonly rollout?: RolloutShare | null;
  /** What a critic holds of the same GPU; null: there is none. */
  readonly critic?: CriticShare | null;
}

/** A rank's training step, after the first: optimizer states stand. */
export interface Step extends Peaks {
  /** As it was asked; the plan's is as the rank's code computes it. */
  readonly scenario: Scenario;
  readonly plan: StepPlan;
  readonly engine: Engine;
  readonly rule: OptimizerRule;
  readonly implementation: Implementation;
  readonly program: Program;
  /** Bytes of checkpoints that the host holds when the backward pass begins. */
  readonly hostBytes: number;
  /** What the rank's optimizer steps; all that trains where left out. */
  readonly trained?: readonly Trained[];
  /** What the rank keeps on its host beside. */
  readonly host?: readonly HostPart[];
  readonly rank: RankClass;
  /** The most that stands while the model is loaded, where that is more than after. */
  readonly loading?: Loading;
  /** What of an evaluation is not played; left out where all is. */
  readonly unevaluated?: string;
  /** Who a rank's collectives are with. */
  readonly groups: RankGroups;
  /** What the engine took for granted. */
  readonly assumptions: readonly string[];
}

/** cuBLAS keeps a workspace for each of the threads that run forward and backward. */
const CUBLAS_THREADS = 2;

/** Engines that run the passes of transformers' and TRL's trainers. */
const TRAINERS_ENGINES: ReadonlySet<string> = new Set([
  "single",
  "ddp",
  "deepspeed",
  "fsdp",
  "fsdp2",
]);

/** Why a scenario's step cannot be played through. */
export interface NotPlayed {
  readonly reason: string;
}

/**
 * Plays a scenario's training step through, of each class of ranks.
 *
 * @returns The most loaded rank's step first; where `parallel.rank` asks for one,
 *   that one's class alone.
 */
export function playRanks(
  scenario: Scenario,
  model: Model,
  settings: StepSettings = { workspaces: true },
): readonly Step[] | NotPlayed {
  return played(scenario, model, settings, (_engine, _plan, _mesh, all) => all);
}

/** Which ranks are played. */
type Choice = (
  engine: Engine,
  plan: StepPlan,
  mesh: Mesh,
  ranks: readonly RankClass[],
) => readonly RankClass[];

function played(
  asked: Scenario,
  model: Model,
  settings: StepSettings,
  choice: Choice,
): readonly Step[] | NotPlayed {
  const scenario = withSplitEngine(asked);
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
  const mesh = meshOf(
    scenario.parallel,
    model.architecture,
    scenario.engine.name,
  );
  if (!mesh.ok) return { reason: mesh.problems[0]?.message ?? "" };
  const engine = engineOf(scenario);
  if (engine === null) return notPlayed(scenario);
  const refused = engine.refuses(scenario, mesh.value);
  if (refused !== null) return { reason: refused };
  const planOf = TRAINERS_ENGINES.has(engine.name)
    ? learningPlanOf
    : (given: Scenario, whose: Model) => stepPlanOf(given, whose);
  const shares = askedShares(engine.name, scenario, mesh.value);
  const computed = engine.computed?.(scenario) ?? scenario;
  const plan = planOf(
    computed,
    model,
    settings.rollout,
    shares,
    settings.critic,
  );
  if ("reason" in plan) return plan;
  const evaluated = TRAINERS_ENGINES.has(engine.name)
    ? evaluationOf(computed, model, settings.rollout, shares)
    : null;
  const gathers = askedGathers(engine.name, scenario, model, shares);
  const evaluation = evaluated && "plan" in evaluated ? evaluated : null;
  const steps: Step[] = [];
  const ranks = engine.ranks(scenario, mesh.value);
  for (const rank of choice(engine, plan, mesh.value, ranks)) {
    const step = playRank(
      { scenario, plan, settings, engine, rule, rank, evaluation, gathers },
      mesh.value,
    );
    if ("reason" in step) return step;
    steps.push(
      evaluated && "reason" in evaluated
        ? { ...step, unevaluated: evaluated.reason }
        : step,
    );
  }
  return steps.sort((a, b) => b.peak.bytes - a.peak.bytes);
}

/**
 * As {@linkcode playRanks}, of the rank that `parallel.rank` asks for, or of the
 * most loaded one.
 */
export function playStep(
  scenario: Scenario,
  model: Model,
  settings: StepSettings = { workspaces: true },
): Step | NotPlayed {
  const steps = played(
    scenario,
    model,
    settings,
    (engine, plan, mesh, all) => engine.contenders?.(plan, mesh, all) ?? all,
  );
  return "reason" in steps ? steps : steps[0] as Step;
}

function notPlayed({ engine, parallel }: Scenario): NotPlayed {
  return {
    reason: engine.name === "auto"
      ? `a step over ${parallel.gpus} GPUs is not played through yet`
      : `engine.name ${engine.name} is not played through yet`,
  };
}

interface Asked {
  readonly scenario: Scenario;
  /** What all ranks share. */
  readonly plan: StepPlan;
  readonly settings: StepSettings;
  readonly engine: Engine;
  readonly rule: OptimizerRule;
  readonly rank: RankClass;
  readonly evaluation: EvaluationPlan | null;
  readonly gathers: AskedGathers | null;
}

function playRank(
  { scenario, plan, settings, engine, rule, rank, evaluation, gathers }: Asked,
  mesh: Mesh,
): Step | NotPlayed {
  const implementation = implementationOf(scenario, rule);
  const workspace = cublasWorkspaceBytes(gpuOf(scenario.hardware.gpu));
  const common = { plan, rule, implementation };
  let leafBytes = 0;
  try {
    const answer = engine.play({
      ...common,
      scenario,
      mesh,
      place: rank.place,
      workspaces: settings.workspaces
        ? Array.from({ length: CUBLAS_THREADS }, () => workspace)
        : [],
      record(how) {
        const pass = recordPass(plan, settings, how);
        leafBytes = pass.heldLeafBytes ?? 0;
        return pass;
      },
    });
    if ("reason" in answer) return answer;
    const evaluated = evaluation
      ? withEvaluation(answer.program, evaluation, settings)
      : answer.program;
    const saved = withSaving(evaluated, engine.name, scenario, plan);
    const woven = gathers ? gatheringAsked(saved, gathers) : saved;
    const held = withHeldLeaf(woven, leafBytes);
    const emptied = withEmptiedCache(held, scenario);
    const program = { ...emptied, ...allocatorOf(scenario) };
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
      ...common,
      scenario,
      engine,
      rank,
      assumptions: [],
      ...answer,
      groups: {
        ...groupsOf(mesh, scenario.parallel.etp),
        ...answer.groups,
      },
      program,
      ...peaksOf(program),
    };
  } catch (error) {
    if (error instanceof TapeFull) return { reason: error.message };
    throw error;
  }
}
