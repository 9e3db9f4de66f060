import type { Instant } from "../../play/readers/peak.ts";

/** Where a pass is that runs beside the one that learns. */
const SIDE_WORDS: Readonly<Record<string, string>> = {
  reference: "forward pass of the reference",
  kl: "forward pass of the unrelated pairs, for KTO's KL",
  teacher: "forward pass of the teacher",
  critic: "the critic's own update, before the policy's",
  generation: "generation of completions, before the update",
  evaluation: "forward pass of an evaluation, between two steps",
  saving: "saving, between two steps",
  loading: "while the model is loaded, before the first step",
  old_logprobs: "the policy's pass for its earlier log-probabilities",
};

/** The instant of the peak in words. */
export function bindingOf({ phase, at }: Instant): string {
  if (phase === "optimizer") return "optimizer step";
  const side = SIDE_WORDS[`${at}`];
  if (side) return side;
  if (at === "head") {
    return phase === "forward"
      ? "end of the forward pass, at the loss"
      : "start of the backward pass, at the loss";
  }
  if (at === "embeddings") {
    return phase === "forward"
      ? "forward pass, at the embeddings"
      : "end of the backward pass, at the embeddings";
  }
  if (at === "encoder") return `${phase} pass, in the encoder`;
  if (at === "vision") return `${phase} pass, at the images`;
  return `${phase} pass, in layer ${Number(at) + 1}`;
}
