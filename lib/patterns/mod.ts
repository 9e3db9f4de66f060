export { MAX_PATTERN_LENGTH, MAX_STATES, MAX_STEPS } from "./limits.ts";
export type { Automaton } from "./automaton.ts";
export type { MatchPlace } from "./matcher.ts";
export { Matcher, TooManySteps } from "./matcher.ts";
export type { ReadPattern } from "./read_pattern.ts";
export { readPattern } from "./read_pattern.ts";
