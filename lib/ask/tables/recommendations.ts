import { findGpu } from "../../hardware/gpus.ts";
import { GIB } from "../../units/mod.ts";
import type { GpuType, TablesConfig } from "./config.ts";
import type { TypeRow } from "./rows.ts";

/** Bytes of the GB on a label that nothing else is known of: the least of it. */
const GB = 1e9;

/** Whether a GPU holds a model, by use. */
export interface Recommendation {
  gpu: string;
  memory_gb: number;
  category: string;
  /** What a program sees of the memory. */
  usable_bytes: number;
  inference: boolean;
  training: boolean;
  lora: boolean;
}

/**
 * Which GPUs hold what a row says: those of the preferred categories, in their
 * file's order, as many as are to be shown.
 */
export function recommendationsOf(
  row: TypeRow,
  { gpu_types, display }: TablesConfig,
): Recommendation[] {
  const { preferred_categories: preferred, max_gpu_display } = display;
  return gpu_types
    .filter(({ category }) =>
      preferred.length === 0 || preferred.includes(category)
    )
    .slice(0, max_gpu_display)
    .map((gpu) => {
      const usable = usableOf(gpu);
      return {
        gpu: gpu.name,
        memory_gb: gpu.memory_gb,
        category: gpu.category,
        usable_bytes: usable,
        inference: row.inference_bytes <= usable,
        training: row.training_bytes <= usable,
        lora: row.lora_bytes <= usable,
      };
    });
}

/**
 * The memory that a program sees on a GPU: what its file states, else what the
 * catalogue knows of a GPU of this name and label, else the label in GB of 10^9.
 */
export function usableOf({ name, memory_gb, memory_gib }: GpuType): number {
  if (memory_gib !== undefined) return Math.round(memory_gib * GIB);
  const known = findGpu(name);
  return known?.label_gb === memory_gb
    ? known.usable_bytes
    : Math.round(memory_gb * GB);
}
