import type { PlayedTensor } from "./played_tensors.ts";

const PHASES: Readonly<Record<PlayedTensor["phase"], string>> = {
  load: "while the model is loaded",
  rollout: "while completions are generated",
  forward: "forward pass",
  backward: "backward pass",
  optimizer: "optimizer step",
  evaluation: "evaluation",
  saving: "saving",
};

/** When a tensor is made, in words: "backward pass, layer 12". */
export function placeWords(
  { phase, at, part }: Pick<PlayedTensor, "phase" | "at" | "part">,
): string {
  const words = PHASES[phase];
  if (phase === "load" || phase === "optimizer" || at === "load") return words;
  if (typeof at === "number") return `${words}, layer ${at}`;
  if (at === "head") {
    return `${words}, at the ${
      part === "logits and loss" || part === "activation gradients"
        ? "loss"
        : "output head"
    }`;
  }
  return at === "optimizer" ? words : `${words}, ${at}`;
}
