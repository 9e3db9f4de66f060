import { GIB } from "../../units/mod.ts";

/**
 * The rules of vram_calculator.py (hf-vram-calc), whose document states them.
 */

/** What serving needs, as a multiple of the weights: the cache is in it. */
export const INFERENCE = 1.2;

/** Weights, gradients and Adam's two states, each as large as the weights. */
export const ADAM_COPIES = 4;

/** What training adds to its four copies, activations among it. */
export const TRAINING_OVERHEAD = 1.3;

/** What fine-tuning with LoRA adds to weights and adapters. */
export const LORA_OVERHEAD = 1.2;

/** Share of the parameters that LoRA targets. */
const TARGETED = 0.25;

/** The width that the rule takes every target to have. */
const WIDTH = 4096;

/** Bytes of an adapter's parameter with its gradient and states. */
const ADAPTER_BYTES = 8;

/** The program counts adapters in 10^9 bytes and the rest in 2^30. */
const GB = 1e9;

/** Bytes that serving needs. */
export function inferenceBytes(weights: number): number {
  return weights * INFERENCE;
}

/** Bytes that training all parameters with Adam needs. */
export function trainingBytes(weights: number): number {
  return weights * ADAM_COPIES * TRAINING_OVERHEAD;
}

/**
 * Bytes that LoRA fine-tuning needs.
 *
 * @param weights Bytes of the frozen weights.
 * @param parameters Parameters of the model.
 */
export function loraBytes(
  weights: number,
  parameters: number,
  rank: number,
): number {
  return (weights + adapterBytes(parameters, rank)) * LORA_OVERHEAD;
}

/**
 * Bytes of the adapters: a quarter of the parameters, each in a square matrix of
 * width 4096, gets two factors of the rank. The program adds these gigabytes of
 * 10^9 to gibibytes, and so does this.
 */
export function adapterBytes(parameters: number, rank: number): number {
  const bytes = parameters * TARGETED * (2 * rank / WIDTH) * ADAPTER_BYTES;
  return bytes / GB * GIB;
}

/** What {@linkcode adapterBytes} does, in the scenario's numbers. */
export function adapterFormula(parameters: string, rank: number): string {
  return `${parameters} × ${TARGETED} × 2 × ${rank} ÷ ${WIDTH} × ${ADAPTER_BYTES} B, GB read as GiB`;
}
