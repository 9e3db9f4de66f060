import { OF_DIMENSIONS } from "../models/architecture.ts";
import type { Model } from "../models/model.ts";
import type { HeadKind } from "../models/heads/head_kind.ts";
import { headKindOf } from "../models/heads/model_head.ts";
import type { Scenario } from "../scenario/schema.ts";

/** The code that a step runs: its type's, and that of its class's head. */
export function codeOf(
  model: Model,
  scenario: Scenario,
): { type: string; head: HeadKind } {
  return { type: typeOf(model, scenario), head: headKindOf(model) };
}

/**
 * Without images a vision-language model runs its text part's code; a model of
 * bare dimensions is played as Llama or Mixtral.
 */
function typeOf(
  { architecture: { type, experts }, config }: Model,
  { train }: Scenario,
): string {
  if (type === OF_DIMENSIONS) return experts > 0 ? "mixtral" : "llama";
  const text = config?.["text_config"];
  if (train.images_per_sample === 0 && typeof text === "object" && text) {
    const own = (text as Record<string, unknown>)["model_type"];
    if (typeof own === "string") return own;
  }
  return type;
}
