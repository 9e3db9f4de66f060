import type { Scenario } from "../scenario/schema.ts";
import type { Model } from "../models/model.ts";
import type { RankGroups } from "../parallel/groups.ts";
import type { Mesh } from "../parallel/mesh.ts";
import type { OptimizerRule, Trained } from "../optimizers/rule.ts";
import type { Implementation } from "../optimizers/rule.ts";
import type { StepPlan } from "../plan/step_plan.ts";
import type { Program } from "../play/program/act.ts";
import type { Pass } from "../play/program/pass.ts";
import type { MachineSettings } from "../play/torch/machine_settings.ts";

/** A rank's coordinates in the mesh, each from 0. */
export interface Place {
  readonly dp: number;
  readonly tp: number;
  readonly pp: number;
  readonly cp: number;
  readonly ep: number;
}

/** Ranks that hold the same and do the same. */
export interface RankClass {
  /** Where they are, such as "pp 0, tp 0". */
  readonly name: string;
  readonly gpus: number;
  /** One of them. */
  readonly place: Place;
}

/** All that an engine is asked about one rank. */
export interface RankQuestion {
  /** As it was asked. */
  readonly scenario: Scenario;
  /** Of the scenario as the rank's code computes it. */
  readonly plan: StepPlan;
  readonly mesh: Mesh;
  readonly place: Place;
  readonly rule: OptimizerRule;
  readonly implementation: Implementation;
  /** Bytes of each workspace that libraries keep. */
  readonly workspaces: readonly number[];
  /** Records a micro-batch of the plan. */
  readonly record: (
    settings: Pick<
      MachineSettings,
      "accumulation" | "stepBytes" | "savesInputs"
    >,
  ) => Pass;
}

/** What a rank keeps in its node's memory, in bytes. */
export interface HostPart {
  readonly name:
    | "weights"
    | "gradients"
    | "master weights"
    | "optimizer states"
    | "communication buffers"
    | "checkpoints";
  /** Whose memory that is, in words. */
  readonly label: string;
  readonly bytes: number;
  /** Whether it is page-locked. */
  readonly pinned: boolean;
}

/** What an engine makes a rank do. */
export interface RankAnswer {
  readonly program: Program;
  /** Groups of ranks that are others than the mesh's. */
  readonly groups?: Partial<RankGroups>;
  /** What the rank keeps on its host of parameters, gradients and states. */
  readonly host?: readonly HostPart[];
  /** What the rank's optimizer steps; all that trains where left out. */
  readonly trained?: readonly Trained[];
  /** Bytes of checkpoints that the host holds when the backward pass begins. */
  readonly hostBytes: number;
  /** What was taken for granted. */
  readonly assumptions?: readonly string[];
}

/** Code that spreads a step over ranks. */
export interface Engine {
  readonly name: string;
  /** Whether it records passes of its own, and none of a trainer's. */
  readonly ownPasses?: true;
  /**
   * Dotted paths of the fields of `engine`, `parallel` and `precision` that decide
   * what it does, beside those that matter wherever a step is played.
   */
  reads(scenario: Scenario, model: Model): readonly string[];
  /** Why it does not play a scenario; null when it does. */
  refuses(scenario: Scenario, mesh: Mesh): string | null;
  /**
   * The scenario as the code of each rank computes it, such as in the type that
   * parameters are gathered in; the scenario itself where left out.
   */
  computed?(scenario: Scenario): Scenario;
  /** Ranks by what they do; a class for each that may be the most loaded. */
  ranks(scenario: Scenario, mesh: Mesh): readonly RankClass[];
  /**
   * Of ranks those that may be the most loaded, where others surely hold no more;
   * all of them where left out.
   */
  contenders?(
    plan: StepPlan,
    mesh: Mesh,
    ranks: readonly RankClass[],
  ): readonly RankClass[];
  /** What a rank does. */
  play(question: RankQuestion): RankAnswer | { readonly reason: string };
}

/** All ranks of a mesh as one class. */
export function alike({ gpus }: Mesh): RankClass[] {
  return [{
    name: "all",
    gpus,
    place: { dp: 0, tp: 0, pp: 0, cp: 0, ep: 0 },
  }];
}
