import { groupDigits } from "../units/mod.ts";

/** "6,738,415,616 x 2 B / tp 2": a formula with its divisors that are not 1. */
export function spelledProduct(
  first: number,
  factors: readonly string[],
  divisors: readonly [name: string, by: number][],
): string {
  const product = [groupDigits(first), ...factors].join(" × ");
  return divisors.filter(([, by]) => by !== 1)
    .reduce((text, [name, by]) => `${text} ÷ ${name} ${by}`, product);
}
