import { allLayers } from "../../tensors/layer_ranges.ts";
import type { TensorScope } from "../../tensors/tensor_scope.ts";
import {
  patchesOf,
  sizeOr,
  twoLinears,
  vitAttention,
} from "../blocks_vision.ts";
import type { TowerFamily } from "./tower.ts";

/**
 * Llama 3.2's vision transformer: images in tiles, with embeddings for every
 * aspect ratio, and gated layers that see all tiles at the end.
 *
 * Source: huggingface/transformers models/mllama/modeling_mllama.py
 */
export const mllamaVision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 1280);
  const { patches, kernel } = patchesOf(config, { image: 448, patch: 14 });
  const positions = patches + 1;
  scope.parameter("class_embedding", [width], { role: "other" });
  const channels = sizeOr(config, "num_channels", 3);
  scope.conv("patch_embedding", [width, channels, ...kernel]);
  const tiles = sizeOr(config, "max_num_tiles", 4);
  // A list counts as it stands, though a ratio may be in it twice.
  const listed = config.raw("supported_aspect_ratios");
  const rows = (Array.isArray(listed) ? listed.length : aspectRatios(tiles)) +
    1;
  const gated = scope.scope("gated_positional_embedding");
  gated.parameter("gate", [1], { role: "position" });
  gated.parameter("embedding", [positions, width], { role: "position" });
  gated.embedding(
    "tile_embedding",
    rows,
    tiles * positions * width,
    "position",
  );
  for (const place of ["pre_tile", "post_tile"]) {
    const tile = scope.scope(`${place}_positional_embedding`);
    tile.parameter("gate", [1], { role: "position" });
    tile.embedding("embedding", rows, tiles * width, "position");
  }
  scope.norm("layernorm_pre", width, { bias: true });
  scope.norm("layernorm_post", width, { bias: true });
  const intermediate = sizeOr(config, "intermediate_size", 5120);
  const local = allLayers(sizeOr(config, "num_hidden_layers", 32));
  const heads = Math.max(
    1,
    config.optional("attention_heads", "num_attention_heads") ?? 16,
  );
  const sizes = { width, intermediate, heads };
  declareLayers(scope.layers("transformer.layers", local), sizes);
  const global = scope.layers(
    "global_transformer.layers",
    allLayers(sizeOr(config, "num_global_layers", 8)),
  );
  global.parameter("gate_attn", [1], { role: "other" });
  global.parameter("gate_ffn", [1], { role: "other" });
  declareLayers(global, sizes);
};

function declareLayers(
  layer: TensorScope,
  { width, intermediate, heads }: {
    width: number;
    intermediate: number;
    heads: number;
  },
): void {
  vitAttention(layer.scope("self_attn"), width, {
    bias: false,
    output: "o_proj",
    heads,
  });
  twoLinears(layer.scope("mlp"), width, intermediate);
  layer.norm("input_layernorm", width, { bias: true });
  layer.norm("post_attention_layernorm", width, { bias: true });
}

/** How many aspect ratios images of at most so many tiles have. */
function aspectRatios(tiles: number): number {
  // Pairs with a product of at most `tiles`, counted along the shorter side.
  const shorter = Math.floor(Math.sqrt(tiles));
  let ratios = -(shorter ** 2);
  for (let side = 1; side <= shorter; side++) {
    ratios += 2 * Math.floor(tiles / side);
  }
  return ratios;
}
