import type { Config } from "../config.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { gatedMlp, stackedExperts } from "./blocks.ts";
import { attends, layerKindsOf, someLayers } from "./blocks_recent.ts";
import type { CachedLayer, PerToken } from "./code/cache.ts";
import { byLayer } from "./code/cache.ts";
import type { CodeParts } from "./code/code.ts";
import { numberOf } from "./code/setting.ts";
import { codePartsOf } from "./code/usual.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";
import { perLayerInputs, ropesByKind } from "./gemma_blocks.ts";
import { perLayer } from "./per_layer.ts";

/** A full layer follows so many less one sliding ones. */
const PATTERN = 6;
/** A full layer's head where the config does not say. */
const GLOBAL_HEAD = 512;

/** The attention of the layers of one kind. */
interface Shape {
  headDim: number;
  kvHeads: number;
  /** Whether keys are the values as well. */
  keysAreValues: boolean;
}

/**
 * Gemma 4: sliding layers and full ones with heads of their own; the last ones
 * reuse keys and values, and all may have an input of each token and experts.
 *
 * Source: huggingface/transformers models/gemma4/modeling_gemma4.py
 */
export const gemma4Text = decoder(256);

/**
 * Gemma 4 whose images and sounds come without towers: the same decoder
 * without inputs of each token.
 *
 * Source: huggingface/transformers
 * models/gemma4_unified/modeling_gemma4_unified.py
 */
export const gemma4UnifiedText = decoder(0);

function decoder(usualInputs: number): Decoder {
  return {
    prefix: "model",
    tied: true,
    body(config, scope) {
      const hidden = config.size("hidden_size");
      const count = config.size("num_hidden_layers");
      const isFull = fullLayers(config);
      const shared = config.optional("num_kv_shared_layers") ?? 0;
      const isShared = (layer: number) => layer >= count - shared;
      scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
      scope.buffer("embed_tokens.embed_scale", [], 4);
      const shapes = shapesOf(config, isFull);
      for (const full of [false, true]) {
        for (const reuse of [false, true]) {
          someLayers(
            config,
            scope,
            (layer) => isFull(layer) === full && isShared(layer) === reuse,
            (layer) =>
              attend(config, layer, full ? shapes.full : shapes.sliding, reuse),
          );
        }
      }
      const wide = config.flag("use_double_wide_mlp", false) ? 2 : 1;
      const intermediate = config.size("intermediate_size");
      someLayers(config, scope, (at) => !isShared(at), (layer) => {
        gatedMlp(layer, hidden, intermediate);
      });
      someLayers(config, scope, isShared, (layer) => {
        gatedMlp(layer, hidden, wide * intermediate);
      });
      const layer = scope.layers("layers", allLayers(count));
      norms(layer, hidden);
      layer.buffer("layer_scalar", [1], 4);
      if (config.flag("enable_moe_block", false)) routed(config, layer, hidden);
      const inputs = config.optional("hidden_size_per_layer_input") ??
        usualInputs;
      if (inputs > 0) perLayerInputs(config, scope, layer, inputs);
      scope.norm("norm", hidden);
      const full = layersWhere(count, isFull).length > 0;
      const sliding = layersWhere(count, (at) => !isFull(at)).length > 0;
      ropesByKind(scope, {
        ...(sliding ? { sliding_attention: shapes.sliding.headDim } : {}),
        ...(full ? { full_attention: shapes.full.headDim } : {}),
      });
    },
  };
}

/** Which layers attend to all tokens; the last one always does. */
function fullLayers(config: ConfigReader): (layer: number) => boolean {
  const last = config.size("num_hidden_layers") - 1;
  const kinds = layerKindsOf(
    config,
    "layer_types",
    (layer) =>
      (layer + 1) % PATTERN === 0 ? "full_attention" : "sliding_attention",
  );
  return (layer) => layer === last || attends(kinds(layer));
}

/** The heads of both kinds, by the config of a release or of transformers. */
function shapesOf(
  config: ConfigReader,
  isFull: (layer: number) => boolean,
): { sliding: Shape; full: Shape } {
  const headDim = config.optional("head_dim") ?? 256;
  const kvHeads = config.optional("num_key_value_heads") ?? 4;
  const keysAreValues = config.flag("attention_k_eq_v", false);
  const common = { headDim, kvHeads, keysAreValues: false };
  if (config.has("per_layer_config") || config.isNull("per_layer_config")) {
    const count = config.size("num_hidden_layers");
    const own = perLayer(config, "per_layer_config", count);
    // Layers of one kind are alike, or their rotary table could not be made.
    const first = (full: boolean) =>
      layersWhere(count, (layer) => isFull(layer) === full)[0]?.[0] ?? -1;
    const shapeAt = (layer: number) => ({
      ...common,
      headDim: own.get(layer)?.optional("head_dim") ?? headDim,
      kvHeads: own.get(layer)?.optional("num_key_value_heads") ?? kvHeads,
    });
    return {
      sliding: shapeAt(first(false)),
      full: { ...shapeAt(first(true)), keysAreValues },
    };
  }
  const globalHeads = config.optional("num_global_key_value_heads");
  return {
    sliding: common,
    full: {
      headDim: config.optional("global_head_dim") ?? GLOBAL_HEAD,
      kvHeads: keysAreValues ? globalHeads ?? kvHeads : kvHeads,
      keysAreValues,
    },
  };
}

function attend(
  config: ConfigReader,
  layer: TensorScope,
  { headDim, kvHeads, keysAreValues }: Shape,
  reuse: boolean,
): void {
  const hidden = config.size("hidden_size");
  const width = config.size("num_attention_heads") * headDim;
  const bias = config.flag("attention_bias", false);
  const cut = "column";
  const at = layer.scope("self_attn");
  at.linear("q_proj", hidden, width, { role: "q", bias, cut });
  at.norm("q_norm", headDim);
  if (!reuse) {
    at.linear("k_proj", hidden, kvHeads * headDim, { role: "k", bias, cut });
    at.norm("k_norm", headDim);
    if (!keysAreValues) {
      at.linear("v_proj", hidden, kvHeads * headDim, { role: "v", bias, cut });
    }
  }
  at.linear("o_proj", width, hidden, { role: "o", bias, cut: "row" });
}

function norms(layer: TensorScope, hidden: number): void {
  layer.norm("input_layernorm", hidden);
  layer.norm("post_attention_layernorm", hidden);
  layer.norm("pre_feedforward_layernorm", hidden);
  layer.norm("post_feedforward_layernorm", hidden);
}

/** Experts beside the MLP, each half with norms around it. */
function routed(
  config: ConfigReader,
  layer: TensorScope,
  hidden: number,
): void {
  const experts = config.size("num_experts");
  const router = layer.scope("router");
  router.parameter("scale", [hidden], { role: "router" });
  router.parameter("per_expert_scale", [experts], { role: "router" });
  router.linear("proj", hidden, experts, { role: "router" });
  stackedExperts(layer.scope("experts"), {
    experts,
    hidden,
    intermediate: config.size("moe_intermediate_size"),
  });
  layer.norm("post_feedforward_layernorm_1", hidden);
  layer.norm("post_feedforward_layernorm_2", hidden);
  layer.norm("pre_feedforward_layernorm_2", hidden);
}

/** Keys and values of a layer: full ones have heads of their own size. */
function tokensOf(text: Config, _: PerToken, at: CachedLayer): PerToken {
  const own = ownConfig(text, at);
  const width = numberOf(own, [
    ["head_dim"],
    numberOf(text, [["head_dim"], 256]),
  ]);
  const usual = numberOf(text, [["num_key_value_heads"], 4]);
  const heads = numberOf(own, [["num_key_value_heads"], usual]);
  const each = heads * width;
  return { heads, keys: each, values: each };
}

/** What a layer sets apart, where the config says so or by its class's rule. */
function ownConfig(text: Config, { layer, kind }: CachedLayer): Config {
  const stated = text["per_layer_config"];
  if (typeof stated === "object" && stated !== null) {
    const found = Object.entries(stated).find(([name]) =>
      Number(name) === layer
    );
    return found?.[1] as Config | undefined ?? {};
  }
  if (kind !== "full_attention") return {};
  const shares = text["attention_k_eq_v"] === true;
  return {
    head_dim: numberOf(text, [["global_head_dim"], 512]),
    ...(shares
      ? { num_key_value_heads: text["num_global_key_value_heads"] }
      : {}),
  };
}

/** Code that reads a config for each layer, with full attention in the last. */
export const GEMMA4: CodeParts = {
  layer: { norm: "powered", arrangement: "sandwich", scalesInPlace: true },
  attention: {
    normsValues: true,
    widthsByLayer: true,
    handsHeads: true,
    windows: { layers: "turns", turn: PATTERN, size: 512 },
  },
  embedding: { scaled: "by module" },
  multiplies: { embeddings: true },
  sizes: { perLayer: true },
  cache: {
    window: 512,
    ...byLayer((layer, _, layers) =>
      (layer + 1) % 6 === 0 || layer === layers - 1
        ? "full_attention"
        : "sliding_attention"
    ),
    endsInFull: true,
    tokens: tokensOf,
  },
};

/** The unified ones have wider windows. */
export const GEMMA4_UNIFIED: CodeParts = codePartsOf(GEMMA4, {
  attention: { windows: { layers: "turns", turn: PATTERN, size: 1024 } },
  cache: { window: 1024 },
});

/** Their text parts. */
export const GEMMA4_TEXT_TYPES: FamilyTypes = {
  gemma4_text: ofType(causal(gemma4Text), GEMMA4),
  gemma4_unified_text: ofType(causal(gemma4UnifiedText), GEMMA4_UNIFIED),
};
