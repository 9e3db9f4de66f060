import { allLayers, layersWhere } from "../../tensors/layer_ranges.ts";
import { listOf, patchesOf, sizeOr, twoLinears } from "../blocks_vision.ts";
import type { TowerFamily } from "./tower.ts";

/** Layers that see the whole image when the config does not say. */
const GLOBAL_LAYERS = [2, 5, 8, 11];

/**
 * GOT-OCR 2's vision transformer, of SAM: attention in windows with relative
 * positions, and convolutions at its neck.
 *
 * Source: huggingface/transformers models/got_ocr2/modeling_got_ocr2.py
 */
export const gotOcr2Vision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 768);
  const heads = Math.max(1, sizeOr(config, "num_attention_heads", 12));
  const { kernel, patches } = patchesOf(config, { image: 1024, patch: 16 });
  const grid = Math.floor(Math.sqrt(patches));
  if (config.flag("use_abs_pos", true)) {
    scope.parameter("pos_embed", [1, grid, grid, width], { role: "position" });
  }
  const channels = sizeOr(config, "num_channels", 3);
  scope.conv("patch_embed.projection", [width, channels, ...kernel], {
    bias: true,
  });
  const layers = sizeOr(config, "num_hidden_layers", 12);
  const layer = scope.layers("layers", allLayers(layers));
  layer.norm("layer_norm1", width, { bias: true });
  layer.linear("attn.qkv", width, 3 * width, {
    role: "qkv",
    bias: config.flag("qkv_bias", true),
    cut: "column",
  });
  layer.linear("attn.proj", width, width, {
    role: "o",
    bias: true,
    cut: "row",
  });
  layer.norm("layer_norm2", width, { bias: true });
  twoLinears(layer.scope("mlp"), width, sizeOr(config, "mlp_dim", 3072), {
    names: ["lin1", "lin2"],
  });
  if (config.flag("use_rel_pos", true)) {
    const seeing = new Set(
      listOf(config, "global_attn_indexes") ?? GLOBAL_LAYERS,
    );
    const window = sizeOr(config, "window_size", 14);
    const sides = [
      [grid, layersWhere(layers, (at) => seeing.has(at))],
      [
        window === 0 ? grid : window,
        layersWhere(layers, (at) => !seeing.has(at)),
      ],
    ] as const;
    for (const [side, chosen] of sides) {
      if (chosen.length === 0) continue;
      for (const axis of ["h", "w"]) {
        scope.layers("layers", chosen).parameter(
          `attn.rel_pos_${axis}`,
          [2 * side - 1, Math.floor(width / heads)],
          { role: "position" },
        );
      }
    }
  }
  const outputs = sizeOr(config, "output_channels", 256);
  const neck = scope.scope("neck");
  neck.conv("conv1", [outputs, width, 1, 1]);
  neck.norm("layer_norm1", outputs, { bias: true });
  neck.conv("conv2", [outputs, outputs, 3, 3]);
  neck.norm("layer_norm2", outputs, { bias: true });
};
