/**
 * Most kinds of tensors, which differ in more than the numbers of layers and
 * experts; models whose layers all differ have about 1,000.
 */
export const MAX_KINDS = 10_000;
