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
  if (error === null) return "not predicted";
  const percent = (100 * Math.abs(error)).toFixed(1);
  if (percent === "0.0") return "as measured";
  return `${percent} % ${error > 0 ? "more" : "less"}`;
}
