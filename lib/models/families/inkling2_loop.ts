import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import { declareRenamed, under } from "../tensors/renamed.ts";
import { TensorScope } from "../tensors/tensor_scope.ts";
import { stackedExperts } from "./blocks.ts";
import { layerKindsOf, neverTied, someLayers } from "./blocks_recent.ts";
import { CACHING_KIN } from "./caching_kin.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import type { Decoder, Family, FamilyTypes } from "./family.ts";
import { headOf, ofClasses, ofType } from "./family.ts";
import { partOfRecipe } from "./recipes/mod.ts";

/** The attention of the layers of one kind. */
interface Heads {
  hidden: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  /** How far back a bias depends on the distance. */
  extent: number;
  isFull: boolean;
}

/**
 * Inkling 2 with layers that are gone through several times; before each they take
 * in what they said the time before, by gates of a low rank.
 *
 * Source: huggingface/transformers
 * models/inkling2_loop/modeling_inkling2_loop.py
 */
const inkling2Loop: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const hidden = config.size("hidden_size");
    const layers = config.size("num_hidden_layers");
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    scope.norm("embed_tokens.embed_norm", hidden);
    const kinds = layerKindsOf(
      config,
      "layer_types",
      (layer) => (layer + 1) % 6 === 0 ? "hybrid" : "hybrid_sliding",
    );
    const isFull = (layer: number) => kinds(layer) !== "hybrid_sliding";
    for (const full of [false, true]) {
      const heads = headsOf(config, full);
      const is = (layer: number) => isFull(layer) === full;
      someLayers(config, scope, is, (layer) => {
        attention(config, layer.scope("self_attn"), heads);
        const names = full
          ? ["q_input_layernorm", "k_input_layernorm", "v_input_layernorm"]
          : ["input_layernorm"];
        for (const name of names) layer.norm(name, hidden);
      });
      // The first layer has nothing before it to choose from.
      someLayers(config, scope, (at) => is(at) && at > 0, (layer) => {
        layer.parameter(
          "attention_input.query",
          full ? [3, hidden] : [hidden],
          { role: "other", dtype: "fp32" },
        );
      });
    }
    const layer = scope.layers("layers", allLayers(layers));
    layer.parameter("mlp_input.query", [hidden], {
      role: "other",
      dtype: "fp32",
    });
    experts(config, layer.scope("mlp"), hidden);
    layer.norm("post_attention_layernorm", hidden);
    const kernel = config.size("conv_kernel_size", "sconv_kernel_size");
    for (const name of ["post_attention", "post_mlp"]) {
      layer.conv(`${name}_convolution.conv1d`, [hidden, 1, kernel]);
    }
    loops(config, scope, hidden);
    scope.norm("norm", hidden);
    scope.parameter("final_input.query", [hidden], {
      role: "other",
      dtype: "fp32",
    });
  },
  head(config, scope) {
    const rows = config.size("unpadded_vocab_size");
    scope.linear("lm_head", config.size("hidden_size"), rows, {
      role: "head",
      cut: "column",
    });
  },
};

function headsOf(config: ConfigReader, isFull: boolean): Heads {
  const own = isFull ? "" : "swa_";
  return {
    hidden: config.size("hidden_size"),
    heads: config.size(`${own}num_attention_heads`),
    kvHeads: config.size(`${own}num_key_value_heads`),
    headDim: config.size(`${own}head_dim`),
    extent: isFull
      ? config.size("rel_extent")
      : config.size("sliding_window_size", "sliding_window"),
    isFull,
  };
}

function attention(config: ConfigReader, at: TensorScope, sizes: Heads): void {
  const { hidden, heads, kvHeads, headDim, extent, isFull } = sizes;
  const width = heads * headDim;
  const kernel = config.size("conv_kernel_size", "sconv_kernel_size");
  const cut = "column";
  at.linear("q_proj.linear", hidden, width, { role: "q", cut });
  at.parameter("q_proj.norm.scale", [heads, headDim], { role: "norm" });
  for (const role of ["k", "v"] as const) {
    const states = at.scope(`${role}_proj`);
    states.linear("linear", hidden, kvHeads * headDim, { role, cut });
    if (isFull) {
      states.parameter("sconv.static_weight", [kernel, kvHeads * headDim], {
        role: "conv",
      });
      states.linear("sconv.weight_proj", hidden, kvHeads * kernel, {
        role: "conv",
      });
    } else {
      states.conv("sconv.conv1d", [kvHeads * headDim, 1, kernel]);
    }
  }
  at.linear("o_proj.gate_proj", hidden, width, { role: "attention", cut });
  at.linear("o_proj.linear", width, hidden, { role: "o", cut: "row" });
  at.linear("sink_proj", hidden, heads, { role: "attention", cut });
  const bias = at.scope("relative_position_bias");
  const relative = config.size("d_rel");
  bias.parameter("proj", [relative, extent], { role: "position" });
  bias.linear("linear", hidden, heads * relative, { role: "attention", cut });
  bias.parameter("norm.scale", [heads, relative], { role: "norm" });
}

function experts(config: ConfigReader, at: TensorScope, hidden: number): void {
  const count = config.size("n_routed_experts", "num_local_experts");
  stackedExperts(at.scope("experts"), {
    experts: count,
    hidden,
    intermediate: config.size("moe_intermediate_size", "intermediate_size"),
  });
  at.parameter("gate.weight", [count, hidden], {
    role: "router",
    dtype: "fp32",
  });
}

/** What the layers that are repeated have besides. */
function loops(config: ConfigReader, scope: TensorScope, hidden: number): void {
  const own = config.inner("loop_config");
  const from = own.optional("core_start") ??
    config.size("loop_layer_index_start");
  const until = own.optional("core_end") ?? config.size("loop_layer_index_end");
  const rank = own.optional("gate_rank") ?? config.size("loop_gate_rank");
  someLayers(config, scope, (at) => at >= from && at < until, (layer) => {
    for (const name of ["q", "k", "v", "mlp"]) {
      const gate = layer.scope(`${name}_message_gate`);
      const role = "other";
      gate.linear("down_proj", 2 * hidden, rank, { role });
      gate.linear("forget_gate_proj", rank, hidden, { role });
      gate.linear("message_gate_proj", rank, hidden, { role });
    }
  });
  scope.parameter(
    "message_input.query",
    [Math.max(0, until - from), 4, hidden],
    { role: "other", dtype: "fp32" },
  );
}

/** Inkling 2's vision tower, which gives the width that the decoder has. */
const sight = partOfRecipe("inkling2", "model.vision_tower.");

/** The same behind Inkling 2's vision tower. */
const seeing: Family = (config, scope) => {
  const [named = ""] = config.texts("architectures");
  const isBody = named === "Inkling2LoopModel";
  const text = config.inner("text_config");
  const body = isBody ? "language_model" : "model.language_model";
  inkling2Loop.body(text, scope.scope(body));
  const whole = new TensorScope();
  sight(config, whole);
  declareRenamed(scope, whole, isBody ? under("model.", "") : under("model."));
  if (!isBody) headOf(inkling2Loop, text, scope, false);
};

const CODE = {
  cache: CACHING_KIN["inkling2_text"] ?? {},
  unplayed: UNPLAYED,
};

/** The types of this file. */
export const INKLING2_LOOP_TYPES: FamilyTypes = {
  inkling2_loop: ofClasses(seeing, CODE),
  inkling2_loop_text: ofType(neverTied(inkling2Loop), CODE),
};
