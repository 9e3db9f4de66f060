import type { PackingLayout } from "../formats/weight_packing.ts";
import type { ServingQuestion } from "./engine.ts";

/** What an engine says of a checkpoint in a layout that it does not load. */
export function unloadedWarnings(
  { scenario, checkpoint }: Pick<ServingQuestion, "scenario" | "checkpoint">,
  engine: string,
  layouts: readonly (PackingLayout | "gguf")[],
): string[] {
  const isGguf = scenario.quantization.weights?.startsWith("gguf:") ?? false;
  const found = isGguf
    ? "gguf"
    : checkpoint.tensors.find(({ packing }) =>
      packing !== null && layouts.includes(packing.layout)
    )?.packing?.layout;
  return found && layouts.includes(found)
    ? [
      `${engine} loads no checkpoints of ${
        isGguf ? "GGUF" : found
      }: its layers are taken to read them as they are stored`,
    ]
    : [];
}
