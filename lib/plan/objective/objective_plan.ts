import type { SidePassName } from "../../answer/curve.ts";
import type { SidePass } from "../../play/program/pass.ts";
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
  /** The model that runs; its objective's head takes what it gives. */
  readonly plan: Plan;
}

/** What a step has beside a model that learns the next token. */
export interface ObjectivePlan<Plan> {
  /** In place of the model's loss; null: the model's own. */
  readonly head: ObjectiveHead | null;
  /** Whole numbers that the batch holds beside its ids. */
  readonly labels: number;
  readonly sides: readonly SidePlan<Plan>[];
  /** Whether completions are made, or taken over, before each update. */
  readonly rolls: boolean;
  /** Whether they are made upon gradients of micro-batches before, too. */
  readonly rollsWithin: boolean;
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
  heeds: [],
  assumptions: [],
  warnings: [],
};
