import type { Step } from "../step.ts";
import { loadingOf } from "./mod.ts";

/**
 * A step, and how its model is loaded before it: that is the peak where more stands
 * then than in any step.
 */
export function withLoading(step: Step): Step {
  const loading = loadingOf(step);
  if (loading === null) return step;
  const { bytes, live } = loading;
  return bytes <= step.peak.bytes ? { ...step, loading } : {
    ...step,
    loading,
    outside: Math.max(step.outside, bytes),
    peak: { phase: "loading", at: "loading", bytes, live },
  };
}
