import type { ErrorFigures } from "../../answer/explanation.ts";
import type { Failure } from "../../failures/failure.ts";
import { asPrinted, groupDigits } from "../../units/mod.ts";

/** Writes why an engine's cache was too small. */
export function cacheWords(
  { tool, tokens }: Failure,
  { tried_bytes: tried, free_bytes: free }: ErrorFigures,
): string {
  const asked = tokens?.asked ?? null;
  const room = tokens?.room ?? null;
  if (tool !== "vLLM") {
    return `${tool} ran out of its cache while it served${
      asked === null ? "" : `: ${groupDigits(asked)} tokens were asked for`
    }${room === null ? "" : `, and ${groupDigits(room)} were free`}.`;
  }
  const held = tried !== null && free !== null
    ? `, which takes ${asPrinted(tried)}, and there are ${
      asPrinted(free)
    } for it`
    : room === null
    ? ""
    : `, and there is room for ${groupDigits(room)}`;
  return `${tool} would not start: its cache has to hold one sequence of ${
    asked === null ? "the greatest length" : `${groupDigits(asked)} tokens`
  }${held}.`;
}

/** Writes why an engine found too little free. */
export function startWords(
  { tool, what }: Failure,
  { tried_bytes: tried, free_bytes: free, capacity_bytes: all }: ErrorFigures,
): string {
  if (what === "profile run") {
    return `${tool} would not start: what was free changed while it measured, because another process took memory or gave it back.`;
  }
  if (tried !== null && free === null) {
    return `${tool} would not start: by its own count it would take ${
      asPrinted(tried)
    }, and the machine has less left.`;
  }
  if (tried === null || free === null) {
    return `${tool} would not start: less memory was free than it is to take, or less on one GPU than on another.`;
  }
  return what === "weights"
    ? `${tool} would not start: one GPU has ${
      asPrinted(free)
    } free, where it takes at least ${
      asPrinted(tried)
    } on each: others have the rest of it.`
    : `${tool} would not start: it is to take ${asPrinted(tried)}${
      all === null ? "" : ` of ${asPrinted(all)}`
    }, and ${asPrinted(free)} are free.${
      all === null
        ? ""
        : " Others have the rest, or it is held by a process that has not ended."
    }`;
}
