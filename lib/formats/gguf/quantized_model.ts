import type { Model } from "../../models/model.ts";
import { holdsLayer } from "../../models/tensors/layer_numbers.ts";
import type { QuantizedModel } from "./choose_type.ts";
import type { ConvertedTensor } from "./converted_tensor.ts";
import { layersAhead } from "./drafts.ts";
import type { FileType } from "./file_types.ts";

/** Files that llama-quantize makes with an importance matrix alone. */
const NEEDS_MATRIX = new Set([
  "IQ1_S",
  "IQ1_M",
  "IQ2_XXS",
  "IQ2_XS",
  "IQ2_S",
  "IQ2_M",
  "IQ3_XXS",
  "Q2_K_S",
]);

/** What a layer with attention has; its converter writes no key heads for others. */
const KEYS = new Set(["blk.N.attn_k.weight", "blk.N.attn_qkv.weight"]);

/**
 * Types of models of which llama.cpp takes the ones of so many layers for a "70B".
 * A llama of 80 layers is one where its heads are grouped.
 *
 * Source: llama.cpp src/models, load_arch_hparams.
 */
const LAYERS_OF_70B: Readonly<Record<string, number>> = {
  llama: 80,
  mistral: 80,
  qwen2: 80,
  qwen2_vl: 80,
  qwen2_5_vl: 80,
  qwen2vl: 80,
  deci: 80,
  "nemotron-nas": 80,
  jais2: 68,
};

/** What llama-quantize knows of a model when it chooses types. */
export function quantizedModel(
  model: Model,
  file: FileType,
  { converted, isTied }: {
    converted: readonly ConvertedTensor[];
    isTied: boolean;
  },
): QuantizedModel {
  const { type, layers, attention_heads, kv_heads, experts } =
    model.architecture;
  const attends = converted.some(({ name, layers }) =>
    KEYS.has(name) && layers !== null && holdsLayer(layers, 0)
  );
  const isGrouped = attention_heads !== kv_heads;
  return {
    file,
    experts,
    grouped: attends && kv_heads > 0
      ? Math.floor(attention_heads / kv_heads)
      : 0,
    layers: layers + layersAhead(model),
    isFalcon: type === "falcon",
    is70b: Object.hasOwn(LAYERS_OF_70B, type) &&
      LAYERS_OF_70B[type] === layers && (type !== "llama" || isGrouped),
    isTied,
    hasMatrix: NEEDS_MATRIX.has(file.name),
  };
}
