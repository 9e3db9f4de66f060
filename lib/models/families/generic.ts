import type { Architecture } from "../architecture.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { attentionTensors, gatedMlp, stackedExperts } from "./blocks.ts";

/**
 * A decoder known by its dimensions alone: llama's build, or Mixtral's where it
 * has experts. Stands for model types that no family knows, and for
 * `{"dims": …}`.
 */
export function genericDecoder(
  architecture: Architecture,
  scope: TensorScope,
): void {
  const { layers, hidden_size: hidden, vocab_size } = architecture;
  const body = scope.scope("model");
  body.embedding("embed_tokens", vocab_size, hidden);
  const layer = body.layers("layers", allLayers(layers));
  attentionTensors(layer, {
    hidden,
    heads: architecture.attention_heads,
    kvHeads: architecture.kv_heads,
    headDim: architecture.head_dim,
  });
  layer.norm("input_layernorm", hidden);
  layer.norm("post_attention_layernorm", hidden);
  feedForward(architecture, body);
  body.norm("norm", hidden);
  if (!architecture.tie_embeddings) {
    scope.linear("lm_head", hidden, vocab_size, {
      role: "head",
      cut: "column",
    });
  }
}

function feedForward(architecture: Architecture, body: TensorScope): void {
  const { layers, hidden_size: hidden, experts } = architecture;
  const dense = experts > 0 ? architecture.dense_layers : layers;
  if (dense > 0) {
    mlp(architecture, body.layers("layers", allLayers(dense)));
  }
  if (dense >= layers) return;
  const sparse = body.layers(
    "layers",
    layersWhere(layers, (at) => at >= dense),
  );
  sparse.linear("mlp.gate", hidden, experts, { role: "router" });
  stackedExperts(sparse.scope("mlp.experts"), {
    experts,
    hidden,
    intermediate: architecture.expert_intermediate_size,
  });
  if (architecture.shared_expert_intermediate_size > 0) {
    gatedMlp(sparse, hidden, architecture.shared_expert_intermediate_size, {
      name: "mlp.shared_expert",
    });
  }
}

function mlp(architecture: Architecture, scope: TensorScope): void {
  const { hidden_size: hidden, intermediate_size: intermediate } = architecture;
  if (architecture.gated_mlp) return gatedMlp(scope, hidden, intermediate);
  const at = scope.scope("mlp");
  at.linear("up_proj", hidden, intermediate, { role: "up", cut: "column" });
  at.linear("down_proj", intermediate, hidden, { role: "down", cut: "row" });
}
