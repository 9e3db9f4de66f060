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

/** The divisor that is nearest to a number, the lower of two. */
export function nearestDivisor(of: number, near: number): number {
  return divisorsOf(of).reduce((best, each) =>
    Math.abs(each - near) < Math.abs(best - near) ? each : best
  );
}

/** The multiples of a number that are nearest to another, in words as below. */
export function nearestMultiples(of: number, value: number): string {
  const below = Math.floor(value / of) * of;
  return nearestOf([below, below + of].filter((each) => each > 0), value);
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
