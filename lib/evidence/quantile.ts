/**
 * The value below which a share of the values lies, between two of them by
 * linear interpolation.
 *
 * @param values In any order.
 * @param share From 0 to 1; 0.5 is the median.
 * @returns NaN where there are none.
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (at - Math.floor(at)) * (above - below);
}
