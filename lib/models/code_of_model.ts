import type { FamilyCode } from "./families/code/code.ts";
import { codeOfType, familyOf } from "./families/mod.ts";
import { languageOf } from "./language_of_config.ts";
import type { Model } from "./model.ts";

/**
 * How a model's code runs: where any decoder may stand behind a type's tower, its
 * decoder's code with what the type sees by.
 */
export function codeOfModel(
  { architecture, config }: Pick<Model, "architecture" | "config">,
): FamilyCode {
  const outer = codeOfType(architecture.type);
  if (!outer.sight?.anyDecoder || !config) return outer;
  const { type } = languageOf(config);
  if (type === architecture.type) return outer;
  // A decoder of no model's own has the code of the type that is called after it.
  const known = familyOf(type) ? type : type.replace(/_text$/, "");
  return { ...codeOfType(known), sight: outer.sight, peft: outer.peft };
}
