import { allLayers } from "../tensors/layer_ranges.ts";
import { pairOf, sizeOr } from "./blocks_vision.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { headOf, ofClasses } from "./family.ts";
import { qwen2 } from "./qwen2.ts";
import type { TowerFamily } from "./towers/tower.ts";

/** A ViT of RMS norms and gated MLPs that ends in a merger of four patches. */
const vision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "embed_dim", 1536);
  const inner = sizeOr(config, "intermediate_size", 4224);
  const bias = config.flag("use_bias", false);
  const patches = scope.scope("patch_embed.patchifier");
  const channels = sizeOr(config, "num_channels", 3);
  patches.conv("proj", [width, channels, ...pairOf(config, "patch_size", 14)], {
    bias: true,
  });
  patches.norm("norm", width);
  const layers = allLayers(sizeOr(config, "num_hidden_layers", 42));
  const block = scope.layers("blocks", layers);
  block.linear("attn.qkv", width, 3 * width, {
    role: "qkv",
    bias,
    cut: "column",
  });
  block.linear("attn.proj", width, width, { role: "o", bias, cut: "row" });
  block.norm("norm1", width);
  const mlp = block.scope("mlp");
  mlp.linear("fc1", width, inner, { role: "gate", bias, cut: "column" });
  mlp.linear("fc3", width, inner, { role: "up", bias, cut: "column" });
  mlp.linear("fc2", inner, width, { role: "down", bias, cut: "row" });
  block.norm("norm2", width);
  if (config.flag("post_norm", true)) scope.norm("post_trunk_norm", width);
  const merged = width * sizeOr(config, "spatial_merge_size", 2) ** 2;
  const merger = scope.scope("merger", "projector");
  const options = { role: "projector", bias: true } as const;
  merger.norm("ln_q", width, { bias: true });
  merger.linear("mlp.0", merged, merged, options);
  merger.linear("mlp.2", merged, sizeOr(config, "hidden_size", 1536), options);
};

/**
 * dots.ocr: its own ViT before Qwen2.
 *
 * Source: the code beside the weights of rednote-hilab/dots.ocr
 * (modeling_dots_vision.py, modeling_dots_ocr.py), as Blaizzy/mlx-vlm
 * models/dots_ocr has it
 */
export const dotsOcr: Family = (config, scope) => {
  const seen = config.inner("vision_config");
  vision(seen, scope.scope("vision_tower", "vision_tower"));
  qwen2.body(config, scope.scope(qwen2.prefix));
  headOf(qwen2, config, scope, config.flag("tie_word_embeddings", false));
};

/** The types of this file. */
export const DOTS_OCR_TYPES: FamilyTypes = {
  dots_ocr: {
    ...ofClasses(dotsOcr, { unplayed: UNPLAYED }),
    isPartly: () => true,
  },
};
