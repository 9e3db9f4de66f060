/** Largest header of one file in bytes; the largest real ones have 20 MB. */
export const MAX_HEADER_BYTES = 25_000_000;
/** Most tensors of a model; the largest real ones have half as many. */
export const MAX_TENSORS = 1_000_000;
/** Longest name of a tensor. */
export const MAX_NAME_LENGTH = 512;
/** Most dimensions of a tensor, and the largest of them. */
export const MAX_DIMENSIONS = 8;
export const MAX_DIMENSION = 2 ** 32;
/** Most files of one model. */
export const MAX_FILES = 1000;
