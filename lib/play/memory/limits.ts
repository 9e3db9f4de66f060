/**
 * Sizes beyond those of any model that there is. A step that goes beyond them is
 * not played: the answer would take many seconds, or more memory than there is.
 *
 * @module
 */

/** Elements of a tensor: one of 512 GiB in bf16. */
export const MAX_ELEMENTS = 2 ** 38;

/** Experts of a layer, which some code runs one after the other. */
export const MAX_EXPERTS = 10_000;

/** Pieces that a loss cuts the tokens into. */
export const MAX_CHUNKS = 20_000;

/** Tensors that a layer, or the loss, makes in a pass. */
export const MAX_STORAGES = 200_000;

/** Allocations and frees of a step: those of 10,000 layers are fewer. */
export const MAX_EVENTS = 20_000_000;

/**
 * Allocations and frees of a step that PyTorch's allocator is played with: more
 * than adapters of a model with 128 experts in each of 48 layers make, whose
 * experts run one by one.
 */
export const MAX_REPLAYED_EVENTS = 1_500_000;

/** Layers of a step that PyTorch's allocator is played with. */
export const MAX_REPLAYED_LAYERS = 2_000;
