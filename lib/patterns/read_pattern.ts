import { PatternReader, Unreadable } from "./pattern_reader.ts";
import { withoutLookbehind } from "./lookbehind.ts";
import { MAX_PATTERN_LENGTH, MAX_STATES } from "./limits.ts";
import type { Automaton } from "./automaton.ts";
import { automatonOf, countStates } from "./automaton.ts";

/** A pattern that can be matched, or why not, as it stands after a field's name. */
export type ReadPattern =
  | { readonly ok: true; readonly automaton: Automaton }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads a regular expression as Python's `re` does, for names that it has to
 * match as a whole. Whatever it says, matching takes time that grows with the
 * name's length alone.
 *
 * Lookaheads are taken anywhere, lookbehinds at the end; references to groups,
 * possessive and atomic parts, conditions and other flags than i, s and u are
 * refused by name.
 */
export function readPattern(text: string): ReadPattern {
  if (text.length > MAX_PATTERN_LENGTH) {
    return {
      ok: false,
      reason:
        `must be a regular expression of at most ${MAX_PATTERN_LENGTH} characters, not ${text.length}`,
    };
  }
  try {
    const syntax = withoutLookbehind(new PatternReader(text).read());
    const states = countStates(syntax);
    return states > MAX_STATES
      ? {
        ok: false,
        reason:
          `must be a regular expression of at most ${MAX_STATES} states, repetitions written out, not ${
            Number.isSafeInteger(states) ? states : "far more"
          }`,
      }
      : { ok: true, automaton: automatonOf(syntax) };
  } catch (error) {
    if (error instanceof Unreadable) {
      return { ok: false, reason: error.message };
    }
    throw error;
  }
}
