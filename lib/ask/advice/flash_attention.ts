import { gpuOf } from "../../hardware/gpus.ts";
import type { Scenario } from "../../scenario/schema.ts";

/** NVIDIA's first compute capability that FlashAttention 2 has kernels for: Ampere's. */
const LEAST_CAPABILITY = 8;

/**
 * Whether the flash-attn package has kernels for a scenario's GPU: NVIDIA's from Ampere
 * on, and AMD's Instincts. Of a GPU that nobody names it is taken that it has.
 *
 * Source: Dao-AILab/flash-attention README, "Installation and features"
 */
export function hasFlashAttention({ hardware }: Scenario): boolean {
  const gpu = gpuOf(hardware.gpu);
  if (gpu === null) return true;
  if (gpu.vendor === "NVIDIA") {
    return Number(gpu.compute_capability ?? 0) >= LEAST_CAPABILITY;
  }
  return gpu.vendor === "AMD" && /^CDNA [2-9]/.test(gpu.architecture);
}
