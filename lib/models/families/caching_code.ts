import { CACHING_KIN } from "./caching_kin.ts";
import type { FamilyCode } from "./code/code.ts";
import { codeWith, USUAL } from "./code/usual.ts";
import { familyOf } from "./mod.ts";

/**
 * The code that says what a decoder's layers keep between tokens: its family's, or of
 * types whose tensors no family declares the rule that is known of them alone.
 *
 * @param types The decoder's `model_type`, and the whole model's where no more is
 *   known of that.
 */
export function cachingCodeOf(...types: readonly string[]): FamilyCode {
  for (const type of types) {
    const family = familyOf(type);
    if (family) return family.code;
    const own = Object.hasOwn(CACHING_KIN, type) ? CACHING_KIN[type] : null;
    if (own) return codeWith({ cache: own });
  }
  return USUAL;
}
