import type { ConfigReader } from "../../tensors/config_reader.ts";
import type { TensorScope } from "../../tensors/tensor_scope.ts";
import { gatedMlp } from "../blocks.ts";
import { patchesOf, sizeOr } from "../blocks_vision.ts";
import { patchEmbedding, qwenBlocks } from "./qwen2_vl_vision.ts";
import type { Tower } from "./tower.ts";

/**
 * GLM-4V's vision transformer: Qwen's blocks as wide inside as the language
 * model, learned positions, and a merger with a gated MLP of its own.
 *
 * Source: huggingface/transformers models/glm4v/modeling_glm4v.py
 */
export const glm4vVision: Tower = (config, scope) => {
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
  const merge = sizeOr(config, "spatial_merge_size", 2);
  const projector = scope.as("projector");
  projector.conv("downsample", [outputs, width, merge, merge], { bias: true });
  scope.norm("post_layernorm", width);
  merger(config, projector.scope("merger"), outputs);
};

function merger(
  config: ConfigReader,
  scope: TensorScope,
  width: number,
): void {
  const inner = sizeOr(config, "intermediate_size", 13_696);
  scope.linear("proj", width, width, { role: "projector" });
  scope.norm("post_projection_norm", width, { bias: true });
  scope.linear("gate_proj", width, inner, { role: "gate" });
  scope.linear("up_proj", width, inner, { role: "up" });
  scope.linear("down_proj", inner, width, { role: "down" });
}
