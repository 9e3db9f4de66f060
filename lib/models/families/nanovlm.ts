import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { attentionTensors, gatedMlp } from "./blocks.ts";
import { twoLinears } from "./blocks_vision.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";

/**
 * nanoVLM: a vision transformer with one projection for queries, keys and values,
 * a linear over shuffled patches, and llama's layers under other names. Its config
 * is the VLMConfig of the repository.
 *
 * Source: huggingface/nanoVLM models/vision_transformer.py,
 * models/language_model.py, models/modality_projector.py
 */
export const nanovlm: Family = (config, scope) => {
  const width = config.size("vit_hidden_dim");
  const hidden = config.size("lm_hidden_dim");
  const shuffle = config.optional("mp_pixel_shuffle_factor") ?? 2;
  see(config, scope.scope("vision_encoder", "vision_tower"), width);
  speak(config, scope.scope("decoder"), hidden);
  scope.scope("MP", "projector").linear("proj", width * shuffle ** 2, hidden, {
    role: "projector",
  });
};

function see(config: ConfigReader, scope: TensorScope, width: number): void {
  const patch = config.size("vit_patch_size");
  const side = Math.floor(config.size("vit_img_size") / patch);
  const hasClass = config.flag("vit_cls_flag", false);
  const embedding = scope.scope("patch_embedding");
  if (hasClass) embedding.parameter("cls_token", [1, 1, width], OTHER);
  embedding.parameter(
    "position_embedding",
    [1, side ** 2 + (hasClass ? 1 : 0), width],
    { role: "position" },
  );
  embedding.conv("conv", [width, 3, patch, patch], { bias: true });
  const layer = scope.layers(
    "blocks",
    allLayers(config.size("vit_n_blocks")),
  );
  layer.norm("ln1", width, { bias: true });
  layer.linear("attn.qkv_proj", width, 3 * width, {
    role: "qkv",
    bias: true,
    cut: "column",
  });
  layer.linear("attn.out_proj", width, width, {
    role: "o",
    bias: true,
    cut: "row",
  });
  layer.norm("ln2", width, { bias: true });
  twoLinears(layer.scope("mlp"), width, config.size("vit_inter_dim"));
  scope.norm("layer_norm", width, { bias: true });
}

const OTHER = { role: "other" } as const;

function speak(config: ConfigReader, scope: TensorScope, hidden: number): void {
  const vocabulary = config.size("lm_vocab_size");
  const heads = config.size("lm_n_heads");
  const headDim = Math.floor(hidden / heads);
  scope.embedding("token_embedding", vocabulary, hidden);
  scope.scope("rotary_embd").buffer("inv_freq", [Math.ceil(headDim / 2)], 4);
  const layer = scope.layers("blocks", allLayers(config.size("lm_n_blocks")));
  gatedMlp(layer, hidden, config.size("lm_inter_dim"));
  attentionTensors(layer, {
    hidden,
    heads,
    kvHeads: config.size("lm_n_kv_heads"),
    headDim,
  }, { name: "attn", output: "out_proj" });
  layer.norm("norm1", hidden);
  layer.norm("norm2", hidden);
  scope.norm("norm", hidden);
  if (config.flag("lm_tie_weights", true)) return;
  scope.linear("head", hidden, vocabulary, { role: "head", cut: "column" });
}

/** nanoVLM. */
export const NANOVLM_TYPES: FamilyTypes = {
  nanovlm: ofType(nanovlm),
};
