import type { LayerMemory } from "./memory.ts";
import type { LlamaSettings } from "./settings.ts";

/** Elements of a block of every quantised type that caches have. */
const BLOCK = 32;

/**
 * Why llama.cpp makes no context of such a cache, in its words; null where it does.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/llama-context.cpp, llama_init_from_model
 */
export function cacheRefusal(
  { key, value, flash }: LlamaSettings,
  { layers }: LayerMemory,
  isLatent: boolean,
): string | null {
  if (isLatent && key.name !== value.name) {
    return `model does not support different K (${key.name}) and V (${value.name}) cache types`;
  }
  if (value.isQuantised && flash === false) {
    return "quantized V cache requires flash_attn to be enabled";
  }
  if (flash === false) return null;
  for (const { keys, values } of layers) {
    for (
      const [which, type, width] of [
        ["K", key, keys.width],
        ["V", value, values.width],
      ] as const
    ) {
      if (type.isQuantised && width % BLOCK !== 0) {
        return `${which} cache type ${type.name} with block size ${BLOCK} does not divide n_embd_head_${which.toLowerCase()}=${width}`;
      }
    }
  }
  return null;
}
