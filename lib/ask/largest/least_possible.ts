import type { Asked, SearchedValues, Told } from "./values.ts";

/**
 * The least value that has an estimate, where lesser ones are refused: a length
 * that is to hold its images begins where it does. By doubling and halving.
 *
 * @param refused A value that has none.
 * @returns Null where none up to the largest has one.
 */
export function* leastPossible(
  values: SearchedValues,
  refused: number,
  most: number,
): Generator<Asked, number | null, Told> {
  let below = refused;
  let value = below;
  do {
    if (value === most) return null;
    below = value;
    value = Math.min(most, 2 * value);
  } while (!(yield* values.estimateAt(value)).ok);
  while (value - below > 1) {
    const middle = Math.floor((below + value) / 2);
    if ((yield* values.estimateAt(middle)).ok) value = middle;
    else below = middle;
  }
  return value;
}
