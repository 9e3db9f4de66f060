import type { Step } from "../../engines/step.ts";
import { formatBytes } from "../../units/mod.ts";

/** What is said where no step takes as much as the model while it is loaded. */
export function loadingWarnings({ loading, peak }: Step): string[] {
  if (!loading || peak.phase !== "loading") return [];
  const { bytes, doing, assumption } = loading;
  return [
    `The most memory is taken before the first step, while the model is loaded: ${
      formatBytes(bytes)
    }, as ${doing}${assumption === null ? "" : `; ${assumption}`}`,
  ];
}
