import type { ErrorFigures } from "../../answer/explanation.ts";
import type { Failure } from "../../failures/failure.ts";

/** A failure's figures as an answer has them. */
export function figuresOf(failure: Failure): ErrorFigures {
  const { tried, capacity, free, allocated, reserved, process } = failure;
  return {
    tried_bytes: tried?.bytes ?? null,
    capacity_bytes: capacity?.bytes ?? null,
    free_bytes: free?.bytes ?? null,
    allocated_bytes: allocated?.bytes ?? null,
    reserved_bytes: reserved?.bytes ?? null,
    process_bytes: process?.bytes ?? null,
    unallocated_bytes: allocated && reserved
      ? Math.max(0, reserved.bytes - allocated.bytes)
      : null,
    gpu: failure.device,
    others: failure.others.map(({ name, bytes }) => ({ name, bytes })),
    room_tokens: failure.tokens?.room ?? null,
  };
}

/** What others hold of the GPU, where the text tells whose memory is whose. */
export function heldByOthers({ kind, others }: Failure): number {
  return kind === "table"
    ? 0
    : others.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A share of what is reserved that is much to be idle, where nothing failed. */
const MUCH = 0.2;

/**
 * Whether what the allocator had cached would have been enough, had it lain in one
 * piece.
 */
export function isFragmented(
  { tried_bytes, unallocated_bytes, free_bytes, reserved_bytes }: ErrorFigures,
): boolean {
  if (unallocated_bytes === null) return false;
  if (tried_bytes === null) {
    return unallocated_bytes > MUCH * (reserved_bytes ?? Infinity);
  }
  return unallocated_bytes >= tried_bytes ||
    unallocated_bytes > 2 ** 30 &&
      unallocated_bytes + (free_bytes ?? 0) >= tried_bytes;
}
