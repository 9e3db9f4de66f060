/** What attention's blocks have to agree with in a model that has states too. */
export interface HybridUse {
  /** Tokens of a block as kernels and the user want them. */
  readonly block: number;
  /** Bytes of a token in a layer's cache. */
  readonly tokenBytes: number;
  /** Bytes of a layer's state. */
  readonly stateBytes: number;
  readonly isLatent: boolean;
  /** Whether states are kept at the ends of blocks. */
  readonly isAligned: boolean;
  /** What such blocks have to be multiples of. */
  readonly alignment: number;
}

/** Multiples that the kernels of latents take blocks in. */
const LATENT_MULTIPLE = 128;

/**
 * Raises the tokens of a block until its page holds a state; the state is padded to
 * it.
 *
 * Source: vllm-project/vllm 0.33 platforms/interface.py, _align_hybrid_block_size
 *
 * @returns Tokens of a block, and bytes of a state's page.
 */
export function hybridBlock(
  { block, tokenBytes, stateBytes, isLatent, isAligned, alignment }: HybridUse,
): { readonly block: number; readonly page: number } {
  const kernels = isLatent ? Math.max(block, LATENT_MULTIPLE) : block;
  const multiple = isAligned ? leastCommon(kernels, alignment) : kernels;
  const needed = multiple * Math.ceil(stateBytes / (multiple * tokenBytes));
  const raised = Math.max(block, needed);
  return { block: raised, page: raised * tokenBytes };
}

function leastCommon(one: number, other: number): number {
  let [divisor, rest] = [one, other];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return one / divisor * other;
}
