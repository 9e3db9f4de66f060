import type { Model } from "../../../models/model.ts";
import { findModel } from "../../../models/catalogue.ts";
import { resolveModel } from "../../../models/resolve_model.ts";
import type { Draft } from "../draft.ts";

/** The model that a draft states, where the catalogue has it; null where not. */
export function knownModel(draft: Draft): Model | null {
  const name = draft.stated.get("model")?.value;
  if (typeof name !== "string" || !findModel(name)) return null;
  const found = resolveModel(name);
  return found.ok ? found.value : null;
}
