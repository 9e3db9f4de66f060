import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { gatedMlp } from "./blocks.ts";
import { expertTensors } from "./blocks_dense.ts";
import {
  attends,
  layerKindsOf,
  someLayers,
  sparseLayers,
} from "./blocks_recent.ts";
import { byLayer } from "./code/cache.ts";
import { WIDE_SIGMOIDS } from "./code/parts.ts";
import { numberOf } from "./code/setting.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/** A full layer follows so many less one sliding ones. */
const PATTERN = 6;

/**
 * MiMo-V2-Flash: sliding layers with sinks and twice the key heads, values
 * narrower than keys, and experts after the first layer.
 *
 * Source: huggingface/transformers
 * models/mimo_v2_flash/modeling_mimo_v2_flash.py
 */
export const mimoV2Flash: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const hidden = config.size("hidden_size");
    const count = config.size("num_hidden_layers");
    const kinds = layerKindsOf(
      config,
      "layer_types",
      (layer) =>
        layer === 0 || (layer + 1) % PATTERN === 0
          ? "full_attention"
          : "sliding_attention",
    );
    const isFull = (layer: number) => attends(kinds(layer));
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    for (const full of [true, false]) {
      const layers = layersWhere(count, (layer) => isFull(layer) === full);
      if (layers.length === 0) continue;
      attend(config, scope.layers("layers", layers).scope("self_attn"), full);
      ropes(config, scope, full ? "full_attention" : "sliding_attention");
    }
    const isSparse = sparseLayers(config, 1);
    someLayers(config, scope, (at) => !isSparse(at), (layer) => {
      gatedMlp(layer, hidden, config.size("intermediate_size"));
    });
    const routed = expertTensors({
      countKeys: ["n_routed_experts", "num_local_experts"],
      widthKeys: ["moe_intermediate_size"],
      correction: "gate.e_score_correction_bias",
    });
    someLayers(config, scope, isSparse, (at) => routed(config, at, hidden));
    const layer = scope.layers("layers", allLayers(count));
    layer.norm("input_layernorm", hidden);
    layer.norm("post_attention_layernorm", hidden);
    scope.norm("norm", hidden);
  },
};

function attend(config: ConfigReader, at: TensorScope, full: boolean): void {
  const hidden = config.size("hidden_size");
  const heads = config.size("num_attention_heads");
  const kvHeads = (config.optional("num_key_value_heads") ?? heads) *
    (full ? 1 : 2);
  const headDim = config.optional("head_dim") ?? 192;
  const value = config.optional("v_head_dim") ?? 128;
  const bias = config.flag("attention_bias", false);
  const cut = "column";
  at.linear("q_proj", hidden, heads * headDim, { role: "q", bias, cut });
  at.linear("k_proj", hidden, kvHeads * headDim, { role: "k", bias, cut });
  at.linear("v_proj", hidden, kvHeads * value, { role: "v", bias, cut });
  at.linear("o_proj", heads * value, hidden, { role: "o", cut: "row" });
  if (!full) at.parameter("sinks", [heads], { role: "attention", split: 0 });
}

function ropes(config: ConfigReader, scope: TensorScope, kind: string): void {
  const share = config.inner("rope_parameters").inner(kind).number(
    "partial_rotary_factor",
    config.number("partial_rotary_factor", 0.334),
  );
  const rotated = Math.floor((config.optional("head_dim") ?? 192) * share);
  for (const name of ["inv_freq", "original_inv_freq"]) {
    scope.buffer(`rotary_emb.${kind}_${name}`, [Math.ceil(rotated / 2)], 4);
  }
}

/** MiMo-V2-Flash. */
export const MIMO_TYPES: FamilyTypes = {
  mimo_v2_flash: ofType(causal(mimoV2Flash), WIDE_SIGMOIDS, {
    cache: {
      window: 129,
      ...byLayer((layer) =>
        layer === 0 || (layer + 1) % 6 === 0
          ? "full_attention"
          : "sliding_attention"
      ),
      tokens: (text, _, { kind }) => {
        const heads = numberOf(text, [["num_key_value_heads"], 4]) *
          (kind === "sliding_attention" ? 2 : 1);
        const width = numberOf(text, [["head_dim"], 192]);
        return {
          heads,
          keys: heads * width,
          values: heads * numberOf(text, [["v_head_dim"], 128]),
        };
      },
    },
  }),
};
