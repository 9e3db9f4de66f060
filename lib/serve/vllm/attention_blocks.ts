import { capabilityOf } from "./capability.ts";
import type { ServingGpu } from "../engine.ts";

/** Tokens of a block as most attention kernels take them: this many, or times it. */
export const USUAL_BLOCK = 16;

/** What decides which attention kernels run. */
export interface AttentionUse {
  /** Whether keys and values are one compressed row a token. */
  readonly isLatent: boolean;
  /** Whether an indexer picks the tokens that are attended to. */
  readonly isSparse: boolean;
  readonly isQuantized: boolean;
}

/**
 * Tokens of a block that the kernels of a GPU take where nobody says.
 *
 * Source: vllm-project/vllm 0.33 platforms/cuda.py, _get_backend_priorities, and
 * get_supported_kernel_block_sizes of v1/attention/backends: FlashAttention, Triton
 * and FlashInfer take 16; of latents' kernels FlashMLA 64, FlashInfer's 32 or 64,
 * those with an indexer 64
 */
export function preferredBlock(
  { isLatent, isSparse, isQuantized }: AttentionUse,
  gpu: ServingGpu,
): number {
  if (!isLatent) return USUAL_BLOCK;
  if (isSparse) return 64;
  switch (capabilityOf(gpu).major) {
    case 9:
      // FlashAttention's kernel for latents takes no quantised cache.
      return isQuantized ? 64 : USUAL_BLOCK;
    case 10:
      return 32;
    default:
      return USUAL_BLOCK;
  }
}
