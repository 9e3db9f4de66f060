import type { Model } from "../models/model.ts";
import type { EvaluationPlan } from "../plan/evaluation.ts";
import type {
  AskedShares,
  RolloutShare,
} from "../plan/objective/objective_plan.ts";
import { evaluationPlanOf } from "../plan/evaluation.ts";
import type { Act, Program } from "../play/program/act.ts";
import { bufferOf } from "../play/program/buffer.ts";
import type { Pass } from "../play/program/pass.ts";
import { evaluationActs } from "../play/program/pass.ts";
import type { Scenario } from "../scenario/schema.ts";
import { recordEvaluation } from "./blocks/side_pass.ts";

const NOW = { phase: "evaluation", at: "evaluation" } as const;

/**
 * The evaluation between a trainer's steps.
 *
 * @param share What generates on the same GPU; null: nobody.
 * @param shares How ranks share models that are asked; null: each has them all.
 * @returns Null where there is none; or why it is not played.
 */
export function evaluationOf(
  scenario: Scenario,
  model: Model,
  share: RolloutShare | null = null,
  shares: AskedShares | null = null,
): EvaluationPlan | { readonly reason: string } | null {
  if (scenario.train.evaluation.micro_batch === null) return null;
  return evaluationPlanOf(scenario, model, share, shares);
}

/**
 * A program whose steps an evaluation follows: gradients are gone, and all else
 * that stands between steps stands.
 *
 * Source: huggingface/transformers 5.23.0 trainer.py, _inner_training_loop:
 * zero_grad comes before _maybe_log_save_evaluate
 */
export function withEvaluation(
  program: Program,
  evaluation: EvaluationPlan,
  settings: { readonly workspaces: boolean },
): Program {
  const { plan, kept, logitsBytes } = evaluation;
  const recorded = recordEvaluation(plan, settings);
  const pass = evaluationActs(recorded);
  const acts = kept === 0 ? pass : withKept(pass, logitsBytes, kept);
  return {
    ...program,
    first: [...program.first, ...acts],
    step: [...program.step, ...acts],
    events: program.events +
      pass.reduce((sum, { segment: { from, to } }) => sum + to - from, 0),
    blocks: Math.max(program.blocks, blocksOf(recorded)),
  };
}

/** Blocks of a pass and of those beside it. */
function blocksOf({ stacks, sides = [] }: Pick<Pass, "stacks" | "sides">) {
  return [...stacks, ...sides.map(({ stack }) => stack)]
    .reduce((sum, { length }) => sum + length, 0);
}

/**
 * The last batch whose logits are kept: those of the batches before lie in one
 * tensor, and a longer one is made of both before they go. The loop's own variable
 * holds the logits of the batch before until the next are there.
 *
 * Source: huggingface/transformers 5.23.0 trainer.py, evaluation_loop;
 * trainer_pt_utils.py, EvalLoopContainer, nested_concat, torch_pad_and_concatenate
 */
function withKept(pass: readonly Act[], bytes: number, kept: number): Act[] {
  const tensor = (name: string, batches: number) => {
    const group = {
      part: "logits and loss",
      label: name,
      count: 1,
      elements: null,
    } as const;
    return bufferOf(name, [{ group, bytes: batches * bytes }]);
  };
  const joined = tensor("logits of earlier batches", kept - 1);
  // The first batch's are not copied.
  const before = tensor("logits of the batch before", kept > 2 ? 1 : 0);
  const last = tensor("logits of the last batch", 1);
  const all = tensor("logits of all batches", kept > 1 ? kept : 0);
  const acts = (act: "take" | "free", ...buffers: (typeof all)[]): Act[] =>
    buffers.filter(({ bytes }) => bytes > 0).map((buffer) => ({
      act,
      ...NOW,
      buffer,
    }));
  return [
    ...acts("take", joined, before),
    ...pass,
    ...acts("take", last),
    ...acts("free", before),
    ...acts("take", all),
    ...acts("free", joined, last, all),
  ];
}
