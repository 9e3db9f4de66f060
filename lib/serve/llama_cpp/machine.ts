import type { GgufModel } from "../../formats/gguf/gguf_model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { contextOf } from "../context.ts";
import type { ServingGpu } from "../engine.ts";
import { sure } from "./ggml/sure.ts";

/** A machine as llama.cpp finds it: its GPUs, and what is taken of each already. */
export interface ServingMachine {
  readonly gpus: readonly ServingGpu[];
  /** Bytes of each GPU that no buffer of llama.cpp's is: see outsideBytes(). */
  readonly outside: readonly number[];
  /** Bytes of each that are free before anything is loaded. */
  readonly free: readonly number[];
}

/** The GPUs of a question, or as many of one kind. */
export function machineOf(
  scenario: Scenario,
  cards: readonly ServingGpu[],
  pool: number,
): ServingMachine {
  const gpus = Array.from(
    { length: scenario.parallel.gpus },
    (_, at) => cards[at] ?? sure(cards[0]),
  );
  return {
    gpus,
    outside: gpus.map((gpu) => contextOf(scenario, gpu) + pool),
    free: gpus.map((gpu) => gpu.usable - contextOf(scenario, gpu)),
  };
}

/** Bytes of a q8_1 block of 32 activations: ggml-common.h, block_q8_1. */
const ACTIVATION_BYTES = 36 / 32;

/** Bytes of an activation that cuBLAS multiplies with 16-bit weights. */
const HALF_BYTES = 2;

/**
 * What CUDA kernels take from the pool of ggml-cuda, which no buffer that is
 * printed holds: the widest activations of a ubatch once more, in the type that
 * they are multiplied in.
 *
 * Source: ggml-org/llama.cpp ggml/src/ggml-cuda/mmq.cu, ggml_cuda_mul_mat_q;
 * ggml-cuda.cu, ggml_cuda_op_mul_mat_cublas
 */
export function kernelPoolBytes(
  { weights }: GgufModel,
  tokens: number,
): number {
  let most = 0;
  for (const { type, row, place } of weights) {
    if (place === "input") continue;
    const bytes = type.quantized ? ACTIVATION_BYTES : HALF_BYTES;
    most = Math.max(most, row * bytes);
  }
  return Math.ceil(most * tokens);
}
