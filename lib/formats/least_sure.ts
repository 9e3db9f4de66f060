type Basis = "exact" | "derived" | "assumed";

/** From the surest. */
const BASES: readonly Basis[] = ["exact", "derived", "assumed"];

/** How a figure is known that needs all of what is known so. */
export function leastSure(...known: readonly Basis[]): Basis {
  return BASES.findLast((basis) => known.includes(basis)) ?? "exact";
}
