import type { Estimate } from "../../lib/mod.ts";
import type { Trait } from "../form/trait.ts";

/** What a model has that settings of the form are for. */
export function traitsOf(
  { architecture, roles }: Estimate["model"],
): ReadonlySet<Trait> {
  const traits = new Set<Trait>();
  const sees = architecture.vision !== null ||
    roles.some(({ role }) => role === "vision tower");
  if (sees) traits.add("vision");
  if (architecture.experts > 1) traits.add("experts");
  return traits;
}
