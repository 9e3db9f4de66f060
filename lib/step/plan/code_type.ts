import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";

/**
 * The model type whose code a step runs: without images a vision-language model
 * runs its text part's; a model of bare dimensions is played as Llama or Mixtral.
 */
export function codeTypeOf(
  { architecture: { type, experts }, config }: Model,
  { train }: Scenario,
): string {
  if (type === "custom") return experts > 0 ? "mixtral" : "llama";
  const text = config?.["text_config"];
  if (train.images_per_sample === 0 && typeof text === "object" && text) {
    const own = (text as Record<string, unknown>)["model_type"];
    if (typeof own === "string") return own;
  }
  return type;
}
