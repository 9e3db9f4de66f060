import type { ConfigReader } from "../../tensors/config_reader.ts";
import type { TensorScope } from "../../tensors/tensor_scope.ts";
import { gatedMlp } from "../blocks.ts";
import { patchesOf, sizeOr } from "../blocks_vision.ts";
import { patchEmbedding, qwenBlocks } from "./qwen2_vl_vision.ts";
import type { TowerFamily } from "./tower.ts";

/**
 * GLM-4V's vision transformer: Qwen's blocks as wide inside as the language
 * model, learned positions, and a merger with a gated MLP of its own.
 *
 * Source: huggingface/transformers models/glm4v/modeling_glm4v.py
 */
export const glm4vVision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 1536);
  const outputs = sizeOr(config, "out_hidden_size", 4096);
  const { patches } = patchesOf(config, { image: 336, patch: 14 });
  scope.embedding(
    "embeddings.position_embedding",
    patches,
    width,
    "position",
  );
  patchEmbedding(config, scope, { width, patch: 14, bias: true });
  const block = qwenBlocks(config, scope, {
    width,
    heads: 12,
    layers: 24,
    attentionBias: config.flag("attention_bias", false),
    outputBias: false,
  });
  gatedMlp(block, width, outputs);
  scope.norm("post_conv_layernorm", width);
  joined(
    config,
    scope,
    { width, outputs, inner: sizeOr(config, "intermediate_size", 13_696) },
  );
};

/**
 * GLM-OCR's: GLM-4V's without a table of positions, with norms of queries and
 * keys and an MLP as wide as its config says.
 *
 * Source: huggingface/transformers models/glm_ocr/modeling_glm_ocr.py
 */
export const glmOcrVision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 1024);
  const outputs = sizeOr(config, "out_hidden_size", 1536);
  const heads = Math.max(1, config.optional("num_heads") ?? 16);
  const bias = config.flag("attention_bias", true);
  patchEmbedding(config, scope, { width, patch: 14, bias: true });
  const block = qwenBlocks(config, scope, {
    width,
    layers: 24,
    attentionBias: bias,
    outputBias: bias,
  });
  block.norm("attn.q_norm", Math.floor(width / heads));
  block.norm("attn.k_norm", Math.floor(width / heads));
  gatedMlp(block, width, sizeOr(config, "intermediate_size", 4096), { bias });
  const channels = sizeOr(config, "in_channels", 3);
  joined(config, scope, { width, outputs, inner: outputs * channels });
};

/** Neighbouring patches become one as wide as the language model. */
function joined(
  config: ConfigReader,
  scope: TensorScope,
  { width, outputs, inner }: { width: number; outputs: number; inner: number },
): void {
  const merge = sizeOr(config, "spatial_merge_size", 2);
  const projector = scope.as("projector");
  projector.conv("downsample", [outputs, width, merge, merge], { bias: true });
  scope.norm("post_layernorm", width);
  merger(projector.scope("merger"), outputs, inner);
}

function merger(scope: TensorScope, width: number, inner: number): void {
  scope.linear("proj", width, width, { role: "projector" });
  scope.norm("post_projection_norm", width, { bias: true });
  scope.linear("gate_proj", width, inner, { role: "gate" });
  scope.linear("up_proj", width, inner, { role: "up" });
  scope.linear("down_proj", inner, width, { role: "down" });
}
