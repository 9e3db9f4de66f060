import type {
  Advice,
  ErrorFigures,
  Explanation,
  FilledField,
} from "../../lib/mod.ts";
import { asPrinted } from "../../lib/mod.ts";

/** Processes that are listed. */
const MOST_OTHERS = 8;

/** What each figure is, for a person. */
const NAMES = [
  ["tried_bytes", "Asked for"],
  ["free_bytes", "Free"],
  ["capacity_bytes", "The GPU has"],
  ["process_bytes", "The process had"],
  ["allocated_bytes", "Tensors had"],
  ["reserved_bytes", "PyTorch's allocator had taken"],
  ["unallocated_bytes", "Of that no tensor's: fragmentation"],
] as const;

/** The figures that a text tells, in words. */
export function figureRows(
  read: ErrorFigures,
): { name: string; value: string }[] {
  const told = NAMES.flatMap(([key, name]) => {
    const bytes = read[key];
    return bytes === null ? [] : [{ name, value: asPrinted(bytes) }];
  });
  const others = read.others.slice(0, MOST_OTHERS).map(({ name, bytes }) => ({
    name: `Others: ${name}`,
    value: asPrinted(bytes),
  }));
  return [...told, ...others];
}

/** What a field was filled with, as a person would type it. */
export function filledText({ value }: FilledField): string {
  if (typeof value !== "object" || value === null) return String(value);
  return "memory_gib" in value
    ? `${value.memory_gib} GiB`
    : JSON.stringify(value);
}

/** The changes of an explanation as advice; null where there are none. */
export function adviceOf(
  { estimated, changes, together, gpus_needed, smallest_gpu }: Explanation,
): Advice | null {
  return estimated === null || changes.length === 0 && together === null
    ? null
    : { now: estimated, changes, together, gpus_needed, smallest_gpu };
}
