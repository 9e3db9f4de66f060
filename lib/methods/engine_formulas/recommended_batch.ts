/**
 * The micro batch that the program recommends where the scenario does not fit:
 * the given one by as much smaller as the memory is too small, as if all of it
 * grew with the batch.
 *
 * Source: George614/gpu-mem-calculator@2f345d1, `engines/base.py`.
 *
 * @param usable Bytes that the GPU has.
 * @returns Null where it fits.
 */
export function recommendedBatch(
  microBatch: number,
  peak: number,
  usable: number,
): number | null {
  if (peak <= usable) return null;
  return Math.max(1, Math.floor(microBatch / (peak / usable)));
}
