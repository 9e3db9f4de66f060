import type { LiveAnswer } from "../../hub/estimate_live.ts";
import type { Estimate } from "../../lib/mod.ts";
import type { Slot } from "../form/comparison.ts";
import { letterOf } from "../form/comparison.ts";

/** One scenario of a comparison, and where it can be taken from here. */
export interface Column {
  slot: Slot;
  answer: LiveAnswer;
  /** The main page with the scenario, from which there is a way back. */
  change: string;
  /** The same for a copy of it; null where there is no room for one. */
  copy: string | null;
  /** The comparison without it. */
  remove: string;
}

/** What a scenario is called: its letter, and its name where it has one. */
export function titleOf({ slot }: Column, at: number): string {
  return slot.name === "" ? letterOf(at) : `${letterOf(at)} · ${slot.name}`;
}

/** The estimate of an answer; null where there is none. */
export function estimateOf(answer: LiveAnswer): Estimate | null {
  return answer.state === "answered" ? answer.estimate : null;
}
