import { lossOfCast } from "../../play/torch/ops/head_loss.ts";
import type {
  LogitCopies,
  LogitsCode,
} from "../../models/families/code/loss.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { isFrom, versionOf } from "../../scenario/version.ts";
import type { LossCode } from "../loss_code.ts";
import { checkpointedLoss } from "../trl/chunked_loss.ts";

/** transformers' losses of a family, and TRL's of pieces. */
export function transformersLoss(
  scenario: Scenario,
  family: LogitsCode,
): LossCode {
  return {
    copies: logitCopies(family, scenario),
    staysEager: false,
    widensOutputs: widensOutputs(scenario),
    pieces: (input) => ({
      take: lossOfCast(input, checkpointedLoss),
      keepsLogits: false,
    }),
    piecesAssumed: "256 tokens at a time under a checkpoint, as TRL does",
    own: null,
  };
}

/**
 * Whether the logits are handed out in fp32: under mixed precision accelerate casts
 * what a model's forward gives.
 *
 * Source: huggingface/accelerate accelerator.py, prepare_model; utils/operations.py,
 * convert_outputs_to_fp32
 */
function widensOutputs(
  { software, precision, train }: Scenario,
): boolean {
  return precision.autocast !== null && software.accelerate !== null &&
    software.model_code === "transformers" && train.loss === "full";
}

/**
 * Which tensors a release of transformers made of the logits for its loss.
 *
 * Source: huggingface/transformers loss/loss_utils.py, ForCausalLMLoss, and the
 * models' forward of releases 4.44 to 5.0
 */
function logitCopies(
  family: LogitsCode,
  { software: { transformers: release }, train }: Scenario,
): LogitCopies {
  if (family.ownUntil && !isFrom(release, family.ownUntil)) {
    return "cast and shift";
  }
  if (family.casts) return "cast";
  if (family.shifts) {
    const isOne = train.micro_batch === 1 && !train.padding_mask;
    return isOne ? "shift of one" : "shift";
  }
  const version = versionOf(release);
  if (version === null || version.major > 4 || version.minor >= 49) {
    return "float";
  }
  if (family.narrowUntil4_48) return "shift";
  return version.minor >= family.castsFrom
    ? "float and shift"
    : "cast and shift";
}
