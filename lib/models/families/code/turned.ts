import type { Config } from "../../config.ts";
import { numberOf } from "./setting.ts";

/**
 * Whether a layer's heads are turned by their positions, in a type that leaves
 * some out.
 *
 * Source: huggingface/transformers models/llama4/configuration_llama4.py,
 * no_rope_layers and no_rope_layer_interval
 *
 * @param usual Every how many layers one is not where the config is silent.
 */
export function isTurned(layer: number, config: Config, usual = 4): boolean {
  const listed = config["no_rope_layers"];
  if (Array.isArray(listed) && listed.length > 0) return listed[layer] !== 0;
  const stated = numberOf(config, [["no_rope_layer_interval"], usual]);
  return (layer + 1) % (stated > 0 ? stated : usual) !== 0;
}
