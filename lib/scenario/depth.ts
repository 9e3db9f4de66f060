/**
 * Whether a value nests more levels of lists and objects than a limit. It stops
 * at the limit, so that depth costs no stack.
 */
export function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 ||
    Object.values(value).some((inner) => nestsDeeper(inner, levels - 1));
}
