/** Longest configuration that is read; real ones have a few kilobytes. */
export const MAX_CONFIGURATION_LENGTH = 256 * 1024;
/** Most configurations that are read together. */
export const MAX_CONFIGURATIONS = 8;
/** Deepest nesting; torchtune's and DeepSpeed's files have four levels. */
export const MAX_DEPTH = 16;
/** Most values in a file, after its aliases are resolved. */
export const MAX_VALUES = 5000;
/** Most aliases that are resolved, each counted as often as it repeats. */
export const MAX_ALIASES = 64;
