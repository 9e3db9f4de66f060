import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { headsOf } from "./blocks.ts";
import { twoLinears } from "./blocks_vision.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";

/** Its config.json says nothing of its eyes: CLIP's large one, but its last layer. */
const SIGHT = {
  width: 1024,
  inner: 4096,
  layers: 23,
  positions: 577,
  patch: 14,
};
/** Layers of the tower whose outputs are pooled side by side. */
const POOLED = 2;
/** Rows of the embedding for what marks images. */
const MARKS = 128;

/**
 * Molmo: CLIP's tower without its last layer and norm, attention that pools four
 * patches, a gated projector, and OLMo's or Qwen2's layers under names of its own.
 *
 * Source: the code beside the weights of allenai/Molmo-7B-D-0924
 * (modeling_molmo.py), as Blaizzy/mlx-vlm models/molmo has it
 */
export const molmo: Family = (config, scope) => {
  const { hidden, heads, kvHeads, headDim } = headsOf(config);
  const model = scope.scope("model");
  const body = model.scope("transformer");
  const rows = config.optional("embedding_size") ?? config.size("vocab_size");
  body.parameter("wte.embedding", [rows, hidden], {
    role: "embedding",
    split: 0,
  });
  body.parameter("wte.new_embedding", [MARKS, hidden], { role: "embedding" });
  const layer = body.layers(
    "blocks",
    allLayers(config.size("num_hidden_layers")),
  );
  layer.linear("att_proj", hidden, (heads + 2 * kvHeads) * headDim, {
    role: "qkv",
    bias: config.flag("qkv_bias", false),
    cut: "column",
  });
  layer.linear("attn_out", heads * headDim, hidden, { role: "o", cut: "row" });
  if (config.flag("attention_layer_norm", false)) {
    layer.norm("q_norm", heads * headDim);
    layer.norm("k_norm", kvHeads * headDim);
  }
  // The config's width is that of gate and up together.
  const inner = Math.floor(config.size("intermediate_size") / 2);
  layer.linear("ff_proj", hidden, 2 * inner, {
    role: "gate_up",
    cut: "column",
  });
  layer.linear("ff_out", inner, hidden, { role: "down", cut: "row" });
  layer.norm("attn_norm", hidden);
  layer.norm("ff_norm", hidden);
  body.norm("ln_f", hidden);
  if (!config.flag("weight_tying", false)) {
    body.linear("ff_out", hidden, rows, { role: "head", cut: "column" });
  }
  eyes(config, model.scope("vision_backbone", "vision_tower"), inner);
};

function eyes(config: ConfigReader, scope: TensorScope, inner: number): void {
  const { width, layers, positions, patch } = SIGHT;
  const tower = scope.scope("image_vit");
  tower.parameter("class_embedding", [width], { role: "other" });
  tower.parameter("positional_embedding", [positions, width], {
    role: "position",
  });
  tower.linear("patch_embedding", 3 * patch ** 2, width, { role: "other" });
  tower.norm("pre_ln", width, { bias: true });
  const block = tower.layers("transformer.resblocks", allLayers(layers));
  attention(block.scope("attention"), width, width);
  twoLinears(block.scope("feed_forward"), width, SIGHT.inner, {
    names: ["w1", "w2"],
  });
  block.norm("attention_norm", width, { bias: true });
  block.norm("ffn_norm", width, { bias: true });
  const at = scope.as("projector");
  attention(at.scope("image_pooling_2d"), POOLED * width, width);
  const hidden = config.size("hidden_size");
  const gate = at.scope("image_projector");
  gate.linear("w1", width, inner, { role: "gate" });
  gate.linear("w3", width, inner, { role: "up" });
  gate.linear("w2", inner, hidden, { role: "down" });
  at.parameter("pad_embed", [2, POOLED * width], { role: "other" });
}

function attention(scope: TensorScope, inputs: number, width: number): void {
  for (const role of ["q", "k", "v"] as const) {
    scope.linear(`w${role}`, inputs, width, {
      role,
      bias: true,
      cut: "column",
    });
  }
  scope.linear("wo", width, width, { role: "o", bias: true, cut: "row" });
}

/** The types of this file. */
export const MOLMO_TYPES: FamilyTypes = {
  molmo: {
    ...ofClasses(molmo, { unplayed: UNPLAYED }),
    isPartly: () => true,
  },
};
