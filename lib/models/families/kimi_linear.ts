import type { Config } from "../config.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { gatedMlp } from "./blocks.ts";
import { expertTensors, withShared } from "./blocks_dense.ts";
import {
  attends,
  latentAttentionTensors,
  latentOf,
  layerKindsOf,
  neverTied,
  someLayers,
  sparseLayers,
} from "./blocks_recent.ts";
import type { Latent } from "./blocks_recent.ts";
import type { CodeParts } from "./code/code.ts";
import type { CacheKind, StateCache } from "./code/cache.ts";
import { LATENT_CACHE, WIDE_SIGMOIDS } from "./code/parts.ts";
import { numberOf } from "./code/setting.ts";
import { mixing } from "./code/state_space.ts";
import { deltaState } from "./code/states.ts";
import type { FeedForward } from "./decoder.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { deltaInputs } from "./gated_delta.ts";

/** What Kimi's language models have each in their own way. */
export interface KimiParts {
  /** The layers that attend, three of whose kind are linear for one. */
  attention: (at: TensorScope, sizes: Latent) => void;
  experts: FeedForward;
  /** What a model has beside its layers' norms. */
  residuals?: (layer: TensorScope, scope: TensorScope, hidden: number) => void;
}

/**
 * Kimi's language models: three layers of Kimi's delta attention for one of latent
 * attention without rotation, and experts behind the first layers.
 *
 * Source: huggingface/transformers models/kimi_linear/modeling_kimi_linear.py
 */
export function kimiText(
  { attention, experts, residuals }: KimiParts,
): Decoder {
  return {
    prefix: "model",
    tied: false,
    body(config, scope) {
      const sizes = latentOf(config);
      const { hidden } = sizes;
      scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
      const kinds = layerKindsOf(config, "layer_types", usualKinds(config));
      const isFull = (layer: number) => attends(kinds(layer));
      someLayers(
        config,
        scope,
        isFull,
        (layer) => attention(layer.scope("self_attn"), sizes),
      );
      someLayers(
        config,
        scope,
        (layer) => !isFull(layer),
        (layer) => delta(config, layer.scope("self_attn"), hidden),
      );
      const isSparse = sparseLayers(config, 1);
      someLayers(config, scope, (at) => !isSparse(at), (at) => {
        gatedMlp(at, hidden, config.size("intermediate_size"));
      });
      someLayers(config, scope, isSparse, (at) => experts(config, at, hidden));
      const layer = scope.layers(
        "layers",
        allLayers(config.size("num_hidden_layers")),
      );
      layer.norm("input_layernorm", hidden);
      layer.norm("post_attention_layernorm", hidden);
      residuals?.(layer, scope, hidden);
      scope.norm("norm", hidden);
    },
  };
}

/** Experts with one more for every token, by either of two spellings of their counts. */
export const kimiExperts = withShared(
  expertTensors({
    countKeys: ["num_local_experts", "num_experts"],
    widthKeys: ["moe_intermediate_size"],
    correction: "gate.e_score_correction_bias",
  }),
  {
    name: "mlp.shared_experts",
    width: (config) =>
      config.size("moe_intermediate_size") *
      (config.optional("n_shared_experts", "num_shared_experts") ?? 1),
  },
);

/** Kimi Linear, with DeepSeek-V3's experts. */
export const kimiLinear = kimiText({
  attention: latentAttentionTensors,
  experts: kimiExperts,
});

/** Layers as Kimi's own config lists them, counted from 1. */
function usualKinds(config: ConfigReader): (layer: number) => string {
  const own = config.inner("linear_attn_config");
  if (own.has("full_attn_layers")) {
    const full = new Set(own.numbers("full_attn_layers"));
    return (layer) =>
      full.has(layer + 1) ? "full_attention" : "linear_attention";
  }
  return (layer) =>
    layer > 0 && layer % 4 === 0 ? "full_attention" : "linear_attention";
}

/**
 * Kimi's delta attention: a decay for each channel, and a gated norm, whose
 * gate has a low rank unless its config says that it is full.
 */
function delta(
  config: ConfigReader,
  at: TensorScope,
  hidden: number,
): void {
  const own = config.inner("linear_attn_config");
  const headDim = own.optional("head_dim") ??
    config.optional("linear_head_dim") ?? 128;
  const heads = own.optional("num_heads") ??
    config.optional("linear_num_heads") ?? 32;
  const kernel = own.optional("short_conv_kernel_size") ??
    config.optional("linear_conv_kernel_dim") ?? 4;
  const width = heads * headDim;
  const role = "ssm";
  const cut = "column";
  for (const name of ["q", "k", "v"] as const) {
    at.linear(`${name}_proj`, hidden, width, { role, cut });
  }
  at.conv("conv1d", [3 * width, 1, kernel]);
  const forget = at.scope("forget_gate");
  forget.parameter("dt_bias", [width], { role, split: 0 });
  forget.parameter("A_log", [1, 1, heads, 1], { role, split: 2 });
  forget.linear("f_a_proj", hidden, headDim, { role });
  forget.linear("f_b_proj", headDim, width, { role, cut });
  deltaInputs(at, hidden, { b_proj: heads });
  if (own.flag("use_full_rank_gate", false)) {
    at.linear("g_proj", hidden, width, { role, cut });
  } else {
    at.linear("g_a_proj", hidden, headDim, { role });
    at.linear("g_b_proj", headDim, width, { role, cut });
  }
  at.norm("o_norm", headDim);
  at.linear("o_proj", width, hidden, { role, cut: "row" });
}

/** Its layers count from one in the lists of its checkpoint. */
function cachedKinds(text: Config, layers: number): readonly CacheKind[] {
  const full = deltaConfig(text)["full_attn_layers"];
  return Array.from({ length: layers }, (_, layer) => {
    const isFull = Array.isArray(full)
      ? full.includes(layer + 1)
      : layer > 0 && layer % 4 === 0;
    return isFull ? "full_attention" : "linear_attention";
  });
}

/** Kimi's delta attention: heads of keys and values are alike. */
function stateOf(text: Config): StateCache {
  const whole = { ...text, ...deltaConfig(text) };
  const heads = numberOf(whole, [["num_heads", "linear_num_heads"], 32]);
  const width = numberOf(deltaConfig(text), [
    ["head_dim"],
    numberOf(text, [["linear_head_dim"], 128]),
  ]);
  const kernel = numberOf(whole, [
    ["short_conv_kernel_size", "linear_conv_kernel_dim"],
    4,
  ]);
  return deltaState([heads, width], [heads, width], kernel);
}

function deltaConfig(text: Config): Config {
  const nested = text["linear_attn_config"];
  return typeof nested === "object" && nested !== null ? nested as Config : {};
}

/** What its code keeps, and its mixers; heads that attend are not turned. */
export const KIMI_CODE: CodeParts = {
  cache: { kinds: cachedKinds, state: stateOf },
  rotary: { kind: "none" },
  stateSpace: mixing("channel delta"),
};

/** Kimi Linear. */
export const KIMI_LINEAR_TYPES: FamilyTypes = {
  kimi_linear: ofType(
    neverTied(kimiLinear),
    WIDE_SIGMOIDS,
    LATENT_CACHE,
    KIMI_CODE,
  ),
};
