import type { GgmlNode } from "./tensor.ts";
import { sure } from "./sure.ts";

/** Tokens from which on operations on the host's weights are worth a GPU's while. */
const WORTH_OFFLOADING = 32;

/** The devices of a machine: GPUs by their numbers, and the host after them. */
export interface Backends {
  readonly gpus: number;
  /** Whether operations on the host's weights run on a GPU where that is faster. */
  readonly offloads: boolean;
  /** How many copies of its inputs a pipeline of GPUs keeps; 1 without one. */
  readonly copies: number;
}

/** The host's number, which is the last. */
export function hostOf({ gpus }: Backends): number {
  return gpus;
}

/**
 * Whether a backend computes an operation. The host computes all; CUDA all that
 * graphs of language models have, but for state-space kernels of unusual sizes,
 * attention of unusual heads, and what lies on another GPU.
 *
 * Source: ggml-org/llama.cpp ggml/src/ggml-cuda/ggml-cuda.cu,
 * ggml_backend_cuda_device_supports_op; fattn.cu, ggml_cuda_get_best_fattn_kernel
 */
export function computes(
  backends: Backends,
  backend: number,
  node: GgmlNode,
): boolean {
  const host = hostOf(backends);
  if (backend === host) return true;
  for (const { held } of node.src) {
    if (held && held.backend !== host && held.backend !== backend) return false;
  }
  switch (node.op) {
    case "SSM_CONV":
      return sure(node.src[0]).ne[1] % 128 === 0;
    case "SSM_SCAN": {
      const [states, width, heads] = sure(node.src[0]).ne;
      // Mamba-2's heads have more than one feature.
      return width > 1
        ? (states === 96 || states === 128 || states === 256) &&
          width % 16 === 0
        : states === 16 && width === 1 && heads % 128 === 0;
    }
    case "FLASH_ATTN_EXT":
      return flashes(shapeOf(node));
    default:
      return true;
  }
}

/** Widths of heads that CUDA's flash attention has kernels for. */
const FLASH_WIDTHS = new Set([40, 64, 72, 80, 96, 112, 128, 256]);

/** An attention's heads, as its kernels are chosen by. */
export interface FlashShape {
  /** Features of a key and of a value. */
  readonly width: number;
  readonly wide: number;
  /** Queries for each key. */
  readonly ratio: number;
  readonly cells: number;
}

/** Whether CUDA's flash attention takes an attention's heads. */
export function flashes({ width, wide, ratio, cells }: FlashShape): boolean {
  const isGrouped = ratio >= 2 && cells % 256 === 0;
  if (FLASH_WIDTHS.has(width)) return wide === width;
  if (width === 192) return wide === 128 && isGrouped && ratio % 8 === 0;
  if (width === 320) return wide === 256 && isGrouped && ratio % 32 === 0;
  if (width === 512) return wide === width && isGrouped;
  return width === 576 && wide === 512 && isGrouped;
}

function shapeOf({ src: [query, key, value] }: GgmlNode): FlashShape {
  return {
    width: sure(key).ne[0],
    wide: sure(value).ne[0],
    ratio: sure(query).ne[2] / sure(key).ne[2],
    cells: sure(key).ne[1],
  };
}

/**
 * Whether a GPU takes over an operation on weights that lie on the host.
 *
 * Source: ggml-org/llama.cpp ggml/src/ggml-cuda/ggml-cuda.cu, get_op_batch_size,
 * ggml_backend_cuda_device_offload_op
 */
export function takesOver(node: GgmlNode): boolean {
  return batchOf(node) >= WORTH_OFFLOADING;
}

function batchOf(node: GgmlNode): number {
  switch (node.op) {
    case "GET_ROWS":
      return 0;
    case "MUL_MAT":
      return node.ne[1];
    case "MUL_MAT_ID":
    case "ROPE":
      return node.ne[2];
    default:
      return node.rows;
  }
}
