import type { Config } from "./config.ts";

/** Where ModelOpt says how it packed a checkpoint, unless in its config.json. */
export const HF_QUANT_CONFIG = "hf_quant_config.json";

/** Whether a config.json says nothing of how its checkpoint is packed. */
export function lacksQuantizer(config: Config): boolean {
  return config["quantization_config"] === undefined;
}

/**
 * A config.json with what stands in the quantiser's file beside it.
 *
 * Source: NVIDIA/Model-Optimizer modelopt/torch/export/unified_export_hf.py
 */
export function withQuantizer(config: Config, file: Config): Config {
  return { ...config, hf_quant_config: file };
}
