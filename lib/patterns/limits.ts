/** Longest pattern, in characters. Those that tools generate have about 700. */
export const MAX_PATTERN_LENGTH = 4000;
/** How deep groups may nest. */
export const MAX_NESTING = 100;
/** Most states of a pattern, every repetition written out. */
export const MAX_STATES = 4000;
/** Largest count of a repetition; more would only be refused as states. */
export const MAX_REPETITION = MAX_STATES;
/**
 * Most steps that one pattern may take over all names of a model: a state
 * visited is one, and so is a character read where the answer is known.
 */
export const MAX_STEPS = 1_500_000;
