import type { Model } from "../models/model.ts";
import { copiesOf } from "../models/tensors/tensor.ts";
import type { Problem } from "../scenario/problem.ts";
import type { Scenario } from "../scenario/schema.ts";

/** Tokens of a piece of a loss that is computed in pieces, at least. */
const CHUNK_TOKENS = 256;

/** What an estimate takes, in units that all take about as long. */
export interface Cost {
  /** Tensors of all layers: layers times kinds of tensors. */
  tensors: number;
  /** How often a step goes through them. */
  passes: number;
  /** Pieces of the loss. */
  pieces: number;
  /** All together. */
  total: number;
}

/**
 * Counts beforehand what an estimate takes to compute: layers times kinds of
 * tensors times passes, and the pieces of a loss. It is a bound for where a
 * computation cannot be ended, not a measure of time.
 */
export function costOf(model: Model, scenario: Scenario): Cost {
  const tensors = model.tensors.reduce(
    (sum, tensor) => sum + copiesOf(tensor),
    0,
  );
  const passes = passesOf(scenario);
  const pieces = scenario.task === "train" && scenario.train.loss === "chunked"
    ? Math.ceil(
      scenario.train.micro_batch * scenario.train.sequence_length /
        CHUNK_TOKENS,
    )
    : 0;
  return { tensors, passes, pieces, total: tensors * passes + pieces };
}

/**
 * Why an estimate is not computed where it would cost too much.
 *
 * @param limit Of {@linkcode Cost.total}.
 * @returns Null where it may be.
 */
export function costProblem(
  model: Model,
  scenario: Scenario,
  limit: number,
): Problem | null {
  const { tensors, passes, pieces, total } = costOf(model, scenario);
  if (total <= limit) return null;
  return pieces > tensors * passes
    ? {
      path: "train.sequence_length",
      message:
        `train.sequence_length times train.micro_batch must make at most ${limit} pieces of ${CHUNK_TOKENS} tokens for a chunked loss here: current value makes ${pieces}`,
    }
    : {
      path: "model",
      message: `model must have at most ${
        Math.floor(limit / passes)
      } tensors in its layers to be estimated here: ${model.name} has ${tensors}`,
    };
}

/** Forward; backward and the optimizer's step; what is computed again. */
function passesOf({ task, train }: Scenario): number {
  if (task !== "train") return 1;
  return train.checkpointing === "none" ? 3 : 4;
}
