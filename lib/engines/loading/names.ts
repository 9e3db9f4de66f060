import type { SingleExperts } from "../../software/transformers/single_experts.ts";
import type { TensorTurn } from "./turns.ts";

/**
 * Turns in the order of the checkpoint's names, part by part.
 *
 * Source: huggingface/transformers 5.23.0 core_model_loading.py, dot_natural_key
 */
export function inOrderOfNames(
  turns: readonly TensorTurn[],
  experts: SingleExperts | null,
): TensorTurn[] {
  const named = turns.map((turn) => ({
    turn,
    parts: publishedName(turn.tensor.name, experts).split("."),
  }));
  return named.sort((a, b) => compared(a.parts, b.parts))
    .map(({ turn }) => turn);
}

function publishedName(name: string, experts: SingleExperts | null): string {
  return experts?.numbered
    ? name.replace("experts.gate_up_proj", "experts.w1")
      .replace("experts.down_proj", "experts.w2")
    : name;
}

function compared(a: readonly string[], b: readonly string[]): number {
  for (const [at, part] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    if (part !== other) return part < other ? -1 : 1;
  }
  return a.length - b.length;
}
