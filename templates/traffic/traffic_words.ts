import type { Flow } from "../../lib/mod.ts";

const AXES: Record<Flow["axis"], string> = {
  data: "Data parallel",
  tensor: "Tensor parallel",
  pipeline: "Pipeline",
  context: "Context parallel",
  expert: "Expert parallel",
};

/** An axis of the mesh as a reader knows it. */
export function axisWords(axis: Flow["axis"]): string {
  return AXES[axis];
}

/** Writes a time for a person: "1.25 s", "83.1 ms", "0.4 ms". */
export function formatSeconds(seconds: number): string {
  return seconds >= 1
    ? `${seconds.toFixed(2)} s`
    : `${(1000 * seconds).toFixed(1)} ms`;
}

/** Why a scenario has no traffic. */
export function noTrafficWords(
  task: "train" | "serve",
  gpus: number,
  notCounted: string | null = null,
): string {
  if (notCounted !== null) return `Traffic is not counted: ${notCounted}.`;
  return task === "serve"
    ? "Traffic is counted per optimizer step, which serving has none of."
    : gpus === 1
    ? "One GPU has nobody to send to."
    : "Nothing is sent: the GPUs share nothing.";
}
