/** The numbers that divide another, in order. */
export function divisorsOf(whole: number): number[] {
  const low: number[] = [];
  const high: number[] = [];
  for (let each = 1; each * each <= whole; each++) {
    if (whole % each !== 0) continue;
    low.push(each);
    if (each * each !== whole) high.unshift(whole / each);
  }
  return [...low, ...high];
}

/**
 * What would do in place of a value, in words to put after its message.
 *
 * @param valid What does, in order.
 */
export function nearestOf(valid: readonly number[], value: number): string {
  const below = valid.findLast((each) => each < value);
  const above = valid.find((each) => each > value);
  const near = [below, above].filter((each) => each !== undefined);
  if (near.length === 0) return "";
  return `; ${near.join(" and ")} ${near.length === 1 ? "does" : "do"}`;
}
