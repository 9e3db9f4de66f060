import type { Module } from "./module.ts";
import type { LoraParameter } from "./parameters.ts";
import type { Facts, LoraSettings } from "./settings.ts";

/** Models whose fused kernels would pass these modules by. */
const MAMBA = ["falcon_h1", "mamba", "mamba2", "falcon_mamba", "nemotron_h"];
const PASSED_BY = ["out_proj", "conv1d"];

/**
 * Why PEFT cannot adapt a module that the targets take; null when it can.
 *
 * Source: PEFT 0.21.2, peft/tuners/lora/layer.py and
 * _check_lora_target_modules_mamba in peft/tuners/tuners_utils.py
 */
export function unfitFor(
  taken: readonly Module[],
  parameters: readonly LoraParameter[],
  { rank, dora }: LoraSettings,
  { model_type }: Facts,
): string | null {
  const paths = [
    ...taken.map(({ path }) => path),
    ...parameters.map(({ name }) => name.slice(0, name.lastIndexOf("."))),
  ];
  const passed = paths.map((path) => path.slice(path.lastIndexOf(".") + 1))
    .find((name) => PASSED_BY.includes(name));
  if (passed !== undefined && MAMBA.includes(model_type)) {
    return `train.lora.targets must leave out ${
      PASSED_BY.join(" and ")
    } in a model of type "${model_type}": its kernels read their weights alone`;
  }
  for (const { path, kind, groups } of taken) {
    if (kind === "other") {
      return `train.lora.targets must name linear layers, embeddings or convolutions: ${path} is none`;
    }
    if (rank % groups !== 0) {
      return `train.lora.rank must be a multiple of ${groups}, the groups of ${path}: current value is ${rank}`;
    }
    if (kind === "attention" && dora) {
      return `train.lora.dora must be false where ${path} is adapted: current value is true`;
    }
  }
  return null;
}
