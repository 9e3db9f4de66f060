import type { Parameter } from "../../play/torch/values.ts";

/** A piece of a bucket that goes to one rank. */
export interface Slice {
  readonly rank: number;
  readonly elements: number;
}

/**
 * What a bucket holds, by the ranks whose partitions it is of. Pieces of one rank
 * that follow each other are one, but those of a rank that adds each to a tensor of
 * its own.
 *
 * Source: deepspeed/runtime/zero/stage_1_and_2.py, average_tensor,
 * rank_and_offsets
 *
 * @param low Where the last parameter of `members` begins in the flat buffer; the
 *   others follow, the first one last.
 * @param size Elements of each rank's partition.
 * @param adds The rank that adds each of its pieces by itself; null: none does.
 */
export function slicesOf(
  members: readonly Parameter[],
  low: number,
  size: number,
  adds: number | null,
): Slice[] {
  const slices: Slice[] = [];
  let at = low;
  for (const { elements } of members.toReversed()) {
    for (const end = at + elements; at < end;) {
      const rank = Math.floor(at / size);
      const to = Math.min(end, (rank + 1) * size);
      const before = slices.at(-1);
      if (before?.rank === rank && rank !== adds) {
        slices[slices.length - 1] = {
          rank,
          elements: before.elements + to - at,
        };
      } else slices.push({ rank, elements: to - at });
      at = to;
    }
  }
  return slices;
}

/**
 * Elements of the longest run of slices that are reduced as one tensor.
 *
 * @param limit Elements that end a run.
 * @param least Slices that a run has at least to be copied.
 */
export function longestRun(
  slices: readonly Slice[],
  limit: number,
  least: number,
): number {
  let most = 0;
  let count = 0;
  let sum = 0;
  for (const { elements } of slices) {
    count++;
    sum += elements;
    if (count >= least) most = Math.max(most, sum);
    if (sum > limit) count = sum = 0;
  }
  return most;
}
