import type { LogitCopies } from "../play/torch/ops/loss.ts";
import { versionOf } from "./version.ts";

/** Types whose code took the loss of 16-bit logits until 4.48. */
const NARROW_UNTIL_4_48 = new Set([
  "gpt2",
  "gpt_bigcode",
  "gpt_neo",
  "gpt_neox",
  "opt",
  "bloom",
  "falcon",
  "mpt",
]);

/**
 * Which tensors a release of transformers made of the logits for its loss.
 *
 * Source: huggingface/transformers loss/loss_utils.py, ForCausalLMLoss, and the
 * models' forward of releases 4.44 to 5.0
 */
export function logitCopies(type: string, release: string | null): LogitCopies {
  const version = versionOf(release);
  if (version === null || version.major > 4 || version.minor >= 49) {
    return "float";
  }
  if (NARROW_UNTIL_4_48.has(type)) return "shift";
  return version.minor >= 47 || (version.minor === 46 && type === "llama")
    ? "float and shift"
    : "cast and shift";
}
