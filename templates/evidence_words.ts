import type { MemoryCounter } from "../lib/mod.ts";

const COUNTERS: Record<MemoryCounter, string> = {
  allocated_peak: "allocated, peak",
  allocated_steady: "allocated, between steps",
  reserved_peak: "reserved, peak",
  device_peak: "device, peak",
};

/** A counter as a reader knows it. */
export function counterWords(counter: MemoryCounter): string {
  return COUNTERS[counter];
}

/** How far a prediction is off: "12 % more", "as measured". */
export function errorWords(error: number | null): string {
  return error === null ? "not predicted" : moreOrLess(error) ?? "as measured";
}

/** A difference as a share: "12.0 % more"; null where there is none. */
export function moreOrLess(share: number): string | null {
  const percent = (100 * Math.abs(share)).toFixed(1);
  return percent === "0.0"
    ? null
    : `${percent} % ${share > 0 ? "more" : "less"}`;
}
