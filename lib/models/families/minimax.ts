import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import type { HeadSizes } from "./blocks.ts";
import { attentionTensors, headsOf } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import { expertTensors } from "./blocks_dense.ts";
import { byLayer } from "./code/cache.ts";
import { MIXTRAL_NAMES } from "./code/parts.ts";
import { numberOf } from "./code/setting.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * MiniMax-Text: lightning attention in the layers that the config names, and
 * experts in all.
 *
 * Source: huggingface/transformers models/minimax/modeling_minimax.py
 */
export const minimax: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden } = heads;
    const layers = config.size("num_hidden_layers");
    const kinds = config.texts("layer_types");
    const isLinear = (at: number): boolean =>
      kinds.length === 0 ? at % 2 === 1 : kinds[at] === "linear_attention";
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    attentionTensors(
      scope.layers("layers", layersWhere(layers, (at) => !isLinear(at))),
      heads,
    );
    lightning(
      config,
      scope.layers("layers", layersWhere(layers, isLinear)).scope("self_attn"),
      heads,
    );
    const layer = scope.layers("layers", allLayers(layers));
    layer.norm("input_layernorm", hidden);
    layer.norm("post_attention_layernorm", hidden);
    expertTensors()(config, layer, hidden);
    scope.norm("norm", hidden);
    rotaryBuffers(scope, heads.headDim);
  },
};

/** Linear attention block by block, with its decays as buffers. */
function lightning(
  config: ConfigReader,
  scope: TensorScope,
  { hidden, heads, headDim }: HeadSizes,
): void {
  const width = heads * headDim;
  const block = config.optional("block_size") ?? 256;
  scope.norm("norm", width);
  scope.linear("qkv_proj", hidden, 3 * width, { role: "qkv", cut: "column" });
  scope.linear("out_proj", width, hidden, { role: "o", cut: "row" });
  scope.linear("output_gate", hidden, width, { role: "gate", cut: "column" });
  scope.buffer("slope_rate", [heads, 1, 1], 4);
  scope.buffer("query_decay", [heads, block, 1], 4);
  scope.buffer("key_decay", [heads, block, 1], 4);
  scope.buffer("diagonal_decay", [1, heads, block, block], 4);
}

/** MiniMax-Text-01. */
export const MINIMAX_TYPES: FamilyTypes = {
  minimax: ofType(causal(minimax), MIXTRAL_NAMES, {
    cache: {
      state: (text) => {
        const heads = numberOf(text, [["num_attention_heads"], 0]);
        const hidden = numberOf(text, [["hidden_size"], 0]);
        const width = numberOf(text, [
          ["head_dim"],
          Math.floor(hidden / heads),
        ]);
        return {
          kind: "state",
          of: "linear attention",
          convolution: null,
          state: [heads, width, width],
          isWide: false,
          others: [],
        };
      },
      ...byLayer((layer) =>
        layer % 2 === 0 ? "full_attention" : "linear_attention"
      ),
    },
  }),
};
