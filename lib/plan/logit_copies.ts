import type { LogitCopies, LossCode } from "../models/families/code/loss.ts";
import { versionOf } from "./version.ts";

/**
 * Which tensors a release of transformers made of the logits for its loss.
 *
 * Source: huggingface/transformers loss/loss_utils.py, ForCausalLMLoss, and the
 * models' forward of releases 4.44 to 5.0
 */
export function logitCopies(
  code: LossCode,
  release: string | null,
): LogitCopies {
  const version = versionOf(release);
  if (version === null || version.major > 4 || version.minor >= 49) {
    return "float";
  }
  if (code.narrowUntil4_48) return "shift";
  return version.minor >= code.castsFrom ? "float and shift" : "cast and shift";
}
