import type {
  Advice,
  AdvisedChange,
  AdvisedSet,
  Estimate,
} from "../lib/mod.ts";
import { formatBytes, groupDigits } from "../lib/mod.ts";
import { fieldAt } from "../lib/scenario/field_list.ts";

/** A change, what a GPU then has to hold, and the price, for a person. */
export interface ChangeWords {
  words: string;
  /** "Fits: 30.3 GiB, 59.1 GiB less" */
  effect: string;
  /** "The same result, slower by about a third" */
  price: string;
}

/** Writes a change of a scenario for a person. */
export function changeWords(
  { words, peak_bytes, saves_bytes, fits, price }: AdvisedChange,
): ChangeWords {
  const less = saves_bytes === 0
    ? ""
    : `, ${formatBytes(Math.abs(saves_bytes))} ${
      saves_bytes > 0 ? "less" : "more"
    }`;
  return {
    words,
    effect: `${fits ? "Fits" : "Not enough alone"}: ${
      formatBytes(peak_bytes)
    }${less}`,
    price: `${price.charAt(0).toUpperCase()}${price.slice(1)}`,
  };
}

/** Fields and what they are set to: "Loss: fused, Activation checkpointing: full". */
export function setWords(set: AdvisedSet): string {
  return Object.entries(set)
    .map(([path, value]) => `${fieldAt(path)?.label ?? path}: ${value}`)
    .join(", ");
}

/**
 * Changes that are enough together: those that are told of alone by their words, the
 * rest by its fields.
 */
export function togetherWords(
  { changes }: Pick<Advice, "changes">,
  set: AdvisedSet,
): string {
  const rest = { ...set };
  const words: string[] = [];
  for (const change of changes) {
    const fields = Object.entries(change.set);
    if (!fields.every(([path, value]) => rest[path] === value)) continue;
    words.push(change.words);
    for (const [path] of fields) delete rest[path];
  }
  return [...words, ...Object.keys(rest).length === 0 ? [] : [setWords(rest)]]
    .join(" + ");
}

/** Advice in a sentence. */
export function adviceSentence(advice: Advice): string {
  const { now, together, changes } = advice;
  if (together) {
    return `Enough together: ${togetherWords(advice, together.set)}, ${
      formatBytes(together.peak_bytes)
    }`;
  }
  if (!now.fits) return "No changes that were tried are enough together";
  return changes.length === 0
    ? "Nothing has to change: it fits"
    : `It fits, with ${formatBytes(now.peak_bytes)}`;
}

/** How the command line sets these fields. */
export function setFlags(set: AdvisedSet): string {
  return Object.entries(set)
    .map(([path, value]) => `--set ${path}=${value}`).join(" ");
}

/** How many GPUs, and which one, a sentence each. */
export function hardwareWords(
  { now, gpus_needed, smallest_gpu }: Advice,
  { gpus }: Estimate["scenario"]["parallel"],
): string[] {
  const each = gpus === 1 ? "" : " each";
  return [
    ...(now.fits ? [] : [
      gpus_needed === null
        ? "More GPUs of this kind are not enough alone."
        : `Otherwise unchanged, ${
          groupDigits(gpus_needed)
        } GPUs of this kind are enough.`,
    ]),
    smallest_gpu === null
      ? "No GPU of the catalogue holds it unchanged."
      : `The smallest GPU that holds it unchanged: ${smallest_gpu}${each}.`,
  ];
}
