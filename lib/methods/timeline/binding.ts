import type { Instant } from "../../play/readers/peak.ts";

/** The instant of the peak in words. */
export function bindingOf({ phase, at }: Instant): string {
  if (phase === "optimizer") return "optimizer step";
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
