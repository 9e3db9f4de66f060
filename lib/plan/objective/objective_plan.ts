import type { SidePassName } from "../../answer/curve.ts";
import type { PartName } from "../../answer/parts.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { SidePass } from "../../play/program/pass.ts";
import type { AskedModel } from "../../play/record/block.ts";
import type { LaterScores } from "../../play/record/later_scores.ts";
import type { HeadLoss } from "../../play/torch/ops/head_loss.ts";

/** What a trainer puts in place of a model's own loss. */
export interface ObjectiveHead {
  /** What takes hidden states; null where logits are handed out. */
  readonly take: HeadLoss | null;
  /** What takes the logits that are handed out; null for none. */
  readonly scores: LaterScores | null;
}

/** A pass without gradients beside the one that learns: of a plan of its own. */
export interface SidePlan<Plan> {
  readonly name: SidePassName;
  readonly when: SidePass["when"];
  readonly holds: boolean;
  /** Whose parameters it runs on. */
  readonly asks: AskedModel;
  /** Bytes of logits of the slice before, which stand while it runs. */
  readonly earlier?: number;
  /** The model that runs; its objective's head takes what it gives. */
  readonly plan: Plan;
}

/** What somebody else takes of the GPU for a while, and gives back. */
export interface HeldSide {
  readonly name: SidePassName;
  readonly when: SidePass["when"];
  readonly holds: false;
  /** Whether it has an allocator of its own, before which PyTorch's caches nothing. */
  readonly isOutside: boolean;
  readonly takes: readonly HeldPart[];
}

/** How ranks share the parameters of a model that is asked. */
export interface AskedShare {
  /** How many have a part each; 1: each has all of them. */
  readonly ranks: number;
  /** The type that they lie in; null: that of the plan. */
  readonly dtype: Dtype | null;
  /** Whether the host has them. */
  readonly onHost: boolean;
}

/** How ranks share models beside the one that learns. */
export type AskedShares = Readonly<Record<"reference" | "teacher", AskedShare>>;

/** Bytes of one purpose that a model beside the policy holds. */
export interface HeldPart {
  readonly part: PartName;
  readonly label: string;
  readonly bytes: number;
}

/** What a critic holds of the policy's GPU. */
export interface CriticShare {
  /** Throughout: its weights, masters and optimizer states. */
  readonly stands: readonly HeldPart[];
  /** What its own update takes beside, at its highest. */
  readonly updates: readonly HeldPart[];
  /** Why its update is not played; null where it is. */
  readonly reason: string | null;
}

/** What an engine that generates holds of the trainer's GPU, in bytes. */
export interface RolloutShare {
  /** The share of the GPU that it is given. */
  readonly share: number;
  readonly weights: number;
  readonly cache: number;
  /** What a step of it takes for a while. */
  readonly working: number;
  /** Its CUDA graphs. */
  readonly graphs: number;
  /** Whether it gives weights and cache back between rollouts. */
  readonly sleeps: boolean;
  /** Why it would not start, in its own terms. */
  readonly refusal: string | null;
}

/** What a step has beside a model that learns the next token. */
export interface ObjectivePlan<Plan> {
  /** In place of the model's loss; null: the model's own. */
  readonly head: ObjectiveHead | null;
  /** Whole numbers that the batch holds beside its ids. */
  readonly labels: number;
  readonly sides: readonly (SidePlan<Plan> | HeldSide)[];
  /** Whether completions are made, or taken over, before each update. */
  readonly rolls: boolean;
  /** Whether they are made upon gradients of micro-batches before, too. */
  readonly rollsWithin: boolean;
  /** What generates on the same GPU; null: nobody, or the model itself. */
  readonly share: RolloutShare | null;
  /** Dotted paths of the fields that it heeds. */
  readonly heeds: readonly string[];
  /** What was taken for granted. */
  readonly assumptions: readonly string[];
  /** What of the trainer's step is not in it. */
  readonly warnings: readonly string[];
}

/** That of a model which is only asked. */
export const bare: Omit<ObjectivePlan<never>, "head"> = {
  labels: 0,
  sides: [],
  rolls: false,
  rollsWithin: false,
  share: null,
  heeds: [],
  assumptions: [],
  warnings: [],
};
