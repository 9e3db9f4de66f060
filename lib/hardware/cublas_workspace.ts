import type { Gpu } from "./gpus.ts";

/** 4096 × 2 KiB and 16 × 8 KiB. */
const USUAL_BYTES = (4096 * 2 + 16 * 8) * 1024;
const LARGE_BYTES = 32 * 1024 ** 2;
/** Hopper's and the data-centre Blackwells' major numbers of compute capability. */
const LARGE_FROM = 9;
const LARGE_TO = 10;

/**
 * The bytes of the workspace that PyTorch hands to a cuBLAS handle.
 *
 * Source: pytorch aten/src/ATen/cuda/CublasHandlePool.cpp,
 * getChosenWorkspaceSize
 *
 * @param gpu Null for a memory of the user's own.
 */
export function cublasWorkspaceBytes(gpu: Gpu | null): number {
  const major = parseInt(gpu?.compute_capability ?? "0");
  return major >= LARGE_FROM && major <= LARGE_TO ? LARGE_BYTES : USUAL_BYTES;
}
