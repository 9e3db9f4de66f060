import type { Config } from "../config.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { inLayers, rotaryBuffers } from "./blocks_classic.ts";
import type { CacheKind, StateCache } from "./code/cache.ts";
import { byLayer } from "./code/cache.ts";
import { numberOf } from "./code/setting.ts";
import { mamba2State } from "./code/states.ts";
import { NOT_YET } from "./code/unplayed.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofHeaders, ofType } from "./family.ts";
import { headedMixer } from "./mamba2.ts";

/**
 * Zamba2: Mamba-2 layers, of which hybrid ones first go through a transformer
 * block. A few such blocks take turns; each turn has adapters of its own.
 *
 * Source: huggingface/transformers models/zamba2/modeling_zamba2.py
 */
export const zamba2: Decoder = {
  prefix: "model",
  tied: true,
  body(config, scope) {
    const hidden = config.size("hidden_size");
    const types = layerTypes(config);
    const hybrid = (at: number) => types[at] === "hybrid";
    const chosen = types.flatMap((_, at) => hybrid(at) ? [at] : []);
    const count = types.length;
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const plain = layersWhere(count, (at) => !hybrid(at));
    inLayers(scope, "layers", plain, (layer) => mambaLayer(config, layer));
    inLayers(scope, "layers", layersWhere(count, hybrid), (layer) => {
      layer.linear("linear", hidden, hidden, { role: "other" });
      mambaLayer(config, layer.scope("mamba_decoder"));
    });
    sharedBlocks(config, scope, chosen);
    scope.norm("final_layernorm", hidden);
    if (config.flag("use_mem_rope", false)) {
      const heads = config.size("num_attention_heads");
      rotaryBuffers(scope, Math.floor(2 * hidden / heads));
    }
  },
};

function layerTypes(config: ConfigReader): string[] {
  const types = config.texts("layers_block_type");
  if (types.length > 0) return types;
  return usualTypes();
}

/** The pattern of Zamba2-2.7B, which stands in when a config has none. */
function usualTypes(): CacheKind[] {
  const hybrid = new Set([6, 12, 18, 24, 30, 36, 42, 47, 51]);
  return Array.from(
    { length: 54 },
    (_, at) => hybrid.has(at) ? "hybrid" : "linear_attention",
  );
}

function mambaLayer(config: ConfigReader, layer: TensorScope): void {
  const hidden = config.size("hidden_size");
  headedMixer(layer.scope("mamba"), {
    hidden,
    inner: (config.optional("mamba_expand") ?? 2) * hidden,
    heads: config.optional("n_mamba_heads") ?? 8,
    groups: config.optional("mamba_ngroups") ?? 1,
    state: config.optional("mamba_d_state") ?? 64,
    kernel: config.optional("mamba_d_conv") ?? 4,
    bias: config.flag("add_bias_linear", false),
    convBias: true,
  });
  layer.norm("input_layernorm", hidden);
}

function sharedBlocks(
  config: ConfigReader,
  scope: TensorScope,
  hybrids: readonly number[],
): void {
  const hidden = config.size("hidden_size");
  const inner = config.optional("intermediate_size") || 4 * hidden;
  const bias = config.flag("add_bias_linear", false);
  const rank = config.optional("adapter_rank") ?? 128;
  const turns = config.optional("num_mem_blocks") || 1;
  // Untied embeddings also untie the blocks: every hybrid layer has its own.
  const shared = config.flag("tie_word_embeddings", true);
  const blocks = shared ? hybrids.slice(0, turns) : hybrids;
  blocks.forEach((layer, block) => {
    const at = scope
      .layers("layers", [[layer, layer + 1, 1]])
      .scope("shared_transformer");
    attention(config, at.scope("self_attn"));
    at.linear("feed_forward.gate_up_proj", hidden, 2 * inner, {
      role: "gate_up",
      bias,
      cut: "column",
    });
    at.linear("feed_forward.down_proj", inner, hidden, {
      role: "down",
      bias,
      cut: "row",
    });
    const read = bothOf(config);
    at.norm("input_layernorm", read);
    at.norm("pre_ff_layernorm", hidden);
    hybrids.forEach((_, turn) => {
      if (turn % turns !== block % turns) return;
      adapter(at, `feed_forward.gate_up_proj_adapter_list.${turn}`, [
        hidden,
        rank,
        2 * inner,
      ]);
      if (!config.flag("use_shared_attention_adapter", false)) return;
      for (const name of ["q", "k", "v"]) {
        adapter(at, `self_attn.linear_${name}_adapter_list.${turn}`, [
          read,
          rank,
          read,
        ]);
      }
    });
  });
}

/** The width of hidden states and the embedding, side by side. */
function bothOf(config: ConfigReader): number {
  return config.optional("attention_hidden_size") ||
    2 * config.size("hidden_size");
}

/** Attends to the hidden states and the embedding, side by side. */
function attention(config: ConfigReader, at: TensorScope): void {
  const hidden = config.size("hidden_size");
  const heads = config.size("num_attention_heads");
  const kvHeads = config.optional("num_key_value_heads") ?? heads;
  const headDim = config.optional("attention_head_dim") ??
    Math.floor(2 * hidden / heads);
  const cut = "column";
  const read = bothOf(config);
  at.linear("q_proj", read, heads * headDim, { role: "q", cut });
  at.linear("k_proj", read, kvHeads * headDim, { role: "k", cut });
  at.linear("v_proj", read, kvHeads * headDim, { role: "v", cut });
  at.linear("o_proj", heads * headDim, hidden, { role: "o", cut: "row" });
}

function adapter(
  at: TensorScope,
  name: string,
  [inputs, rank, outputs]: readonly [
    inputs: number,
    rank: number,
    outputs: number,
  ],
): void {
  at.linear(`${name}.0`, inputs, rank, { role: "other" });
  at.linear(`${name}.1`, rank, outputs, { role: "other", cut: "column" });
}

/** Mamba-1 whose inner features are parted into heads. */
function sharedMamba(text: Config): StateCache {
  const heads = numberOf(text, [["n_mamba_heads"], 2]);
  const inner = numberOf(text, [["mamba_expand"], 2]) *
    numberOf(text, [["hidden_size"], 0]);
  return {
    kind: "state",
    of: "mamba",
    convolution: [inner, numberOf(text, [["mamba_d_conv"], 4])],
    state: [heads, inner / heads, numberOf(text, [["mamba_d_state"], 16])],
    isWide: true,
    others: [],
  };
}

/** Zamba, whose tensors only headers tell, and Zamba2. */
export const ZAMBA_TYPES: FamilyTypes = {
  zamba: ofHeaders({
    unplayed: `, whose layers share an attention block, ${NOT_YET}`,
  }, {
    cache: {
      state: sharedMamba,
      ...byLayer((layer, text) =>
        layer === 2 ||
          layer > 2 && (layer - 3) %
                  numberOf(text, [["attn_layer_period"], 6]) ===
              numberOf(text, [["attn_layer_offset"], 4])
          ? "hybrid"
          : "linear_attention"
      ),
      // Attention reads the first hidden states beside the last.
      tokens: (text, { heads }) => {
        const width = numberOf(text, [
          ["attention_head_dim"],
          Math.floor(
            2 * numberOf(text, [["hidden_size"], 0]) /
              numberOf(text, [["num_attention_heads"], 16]),
          ),
        ]);
        return { keys: heads * width, values: heads * width };
      },
    },
  }),
  zamba2: ofType(causal(zamba2), {
    weights: { sharesBlocks: true },
    unplayed: `, whose layers share attention blocks, ${NOT_YET}`,
  }, {
    cache: {
      ...mamba2State({
        heads: [["n_mamba_heads"], 8],
        width: null,
        expand: [["mamba_expand"], 2],
        groups: [["mamba_ngroups"], 1],
        kernel: [["mamba_d_conv"], 4],
        state: [["mamba_d_state"], 64],
      }),
      tokens: (_, usual) => ({
        keys: 2 * usual.keys,
        values: 2 * usual.values,
      }),
      kinds: usualTypes,
    },
  }),
};
