/** Most characters of all files together; real ones have a few thousand each. */
export const MAX_CONFIGURATION_LENGTH = 64 * 1024;
/** Most lines of a file; real ones have a few hundred. */
export const MAX_LINES = 10_000;
/** Most configurations that are read together. */
export const MAX_CONFIGURATIONS = 8;
/** Deepest nesting; torchtune's and DeepSpeed's files have four levels. */
export const MAX_DEPTH = 16;
/** Most values in a file, after its aliases are resolved. */
export const MAX_VALUES = 5000;
/** Most aliases that are resolved, each counted as often as it repeats. */
export const MAX_ALIASES = 64;
