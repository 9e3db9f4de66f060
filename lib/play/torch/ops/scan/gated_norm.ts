import type { ChunkScan } from "./chunks.ts";

/** Widest row of a gated norm's kernel, in bytes, and its warps' features. */
const NORM = { bytes: 65536, perWarp: 256, warps: 8, wanted: 4 } as const;

/**
 * Rows of the pieces that a gated norm's weight gradient is summed from.
 *
 * Source: layernorm_gated.py, _layer_norm_bwd: nrow_groups
 */
export function normPieces(
  { groups, multiprocessors }: ChunkScan,
  inner: number,
  bytes: number,
): number {
  if (multiprocessors === null) return 1;
  const block = Math.min(
    NORM.bytes / bytes,
    2 ** Math.ceil(Math.log2(inner / groups)),
  );
  const warps = Math.min(
    Math.max(Math.floor(block / NORM.perWarp), 1),
    NORM.warps,
  );
  return Math.ceil(multiprocessors * Math.ceil(NORM.wanted / warps) / groups);
}
