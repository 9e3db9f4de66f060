import type { Config } from "../config.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { gatedMlp } from "./blocks.ts";
import { attends, layerKindsOf, someLayers } from "./blocks_recent.ts";
import { listOf } from "./blocks_vision.ts";
import { byLayer } from "./code/cache.ts";
import type { CodeParts } from "./code/code.ts";
import { numberOf } from "./code/setting.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";
import { perLayerInputs, ropesByKind } from "./gemma_blocks.ts";

/** A full layer follows so many less one sliding ones. */
const PATTERN = 5;

/**
 * Gemma 3n: several streams that predict and correct each other (AltUp), a
 * low-rank way around each layer (LAuReL), inputs of each token for every
 * layer, and last layers that reuse keys and values.
 *
 * Source: huggingface/transformers models/gemma3n/modeling_gemma3n.py
 */
export const gemma3nText: Decoder = {
  prefix: "model",
  tied: true,
  body(config, scope) {
    const hidden = config.size("hidden_size");
    const count = config.size("num_hidden_layers");
    const headDim = config.optional("head_dim") ?? 256;
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    scope.buffer("embed_tokens.embed_scale", [], 4);
    const layer = scope.layers("layers", allLayers(count));
    attention(config, scope, headDim);
    feedForward(config, scope, hidden);
    layer.norm("input_layernorm", hidden);
    layer.norm("post_attention_layernorm", hidden);
    layer.norm("pre_feedforward_layernorm", hidden);
    layer.norm("post_feedforward_layernorm", hidden);
    streams(config, scope, layer);
    const rank = config.optional("laurel_rank") ?? 64;
    const laurel = layer.scope("laurel");
    laurel.linear("linear_left", hidden, rank, { role: "other" });
    laurel.linear("linear_right", rank, hidden, { role: "other" });
    laurel.norm("post_laurel_norm", hidden);
    const inputs = config.optional("hidden_size_per_layer_input") ?? 256;
    perLayerInputs(config, scope, layer, inputs);
    scope.buffer("per_layer_projection_scale", [], 4);
    scope.buffer("per_layer_input_scale", [], 4);
    scope.norm("norm", hidden);
    const kinds = kindsOf(config);
    const has = (full: boolean) =>
      layersWhere(count, (at) => attends(kinds(at)) === full).length > 0;
    ropesByKind(scope, {
      ...(has(false) ? { sliding_attention: headDim } : {}),
      ...(has(true) ? { full_attention: headDim } : {}),
    });
  },
};

function kindsOf(config: ConfigReader): (layer: number) => string {
  return layerKindsOf(
    config,
    "layer_types",
    (at) => (at + 1) % PATTERN ? "sliding_attention" : "full_attention",
  );
}

function attention(
  config: ConfigReader,
  scope: TensorScope,
  headDim: number,
): void {
  const hidden = config.size("hidden_size");
  const count = config.size("num_hidden_layers");
  const heads = config.size("num_attention_heads");
  const kvWidth = (config.optional("num_key_value_heads") ?? heads) * headDim;
  const bias = config.flag("attention_bias", false);
  const at = scope.layers("layers", allLayers(count)).scope("self_attn");
  const cut = "column";
  at.linear("q_proj", hidden, heads * headDim, { role: "q", bias, cut });
  at.norm("q_norm", headDim);
  at.linear("o_proj", heads * headDim, hidden, {
    role: "o",
    bias,
    cut: "row",
  });
  const owns = ownKeys(config, count);
  someLayers(config, scope, (layer) => owns(layer), (layer) => {
    const keys = layer.scope("self_attn");
    keys.linear("k_proj", hidden, kvWidth, { role: "k", bias, cut });
    keys.linear("v_proj", hidden, kvWidth, { role: "v", bias, cut });
    keys.norm("k_norm", headDim);
  });
}

/**
 * Layers that make keys and values: those before the shared ones. Where more layers
 * share than there are, Python's negative positions leave the last of each kind.
 */
function ownKeys(
  config: ConfigReader,
  count: number,
): (layer: number) => boolean {
  const first = count - (config.optional("num_kv_shared_layers") ?? 0);
  if (first >= 0) return (layer) => layer < first;
  const kinds = kindsOf(config);
  const last = new Map<string, number>();
  for (let layer = 0; layer < count + first; layer++) {
    last.set(kinds(layer), layer);
  }
  const stored = new Set(last.values());
  return (layer) => stored.has(layer);
}

/** MLPs, of which the config may give every one a width of its own. */
function feedForward(
  config: ConfigReader,
  scope: TensorScope,
  hidden: number,
): void {
  const widths = listOf(config, "intermediate_size");
  if (widths === null || widths.length === 0) {
    const count = config.size("num_hidden_layers");
    const width = config.optional("intermediate_size") ?? 16_384;
    gatedMlp(scope.layers("layers", allLayers(count)), hidden, width);
    return;
  }
  for (const width of new Set(widths)) {
    someLayers(
      config,
      scope,
      (layer) => widths[layer] === width,
      (layer) => gatedMlp(layer, hidden, Math.max(0, width)),
    );
  }
}

function streams(
  config: ConfigReader,
  scope: TensorScope,
  layer: TensorScope,
): void {
  const hidden = config.size("hidden_size");
  const count = config.optional("altup_num_inputs") ?? 4;
  const role = "other";
  const at = layer.scope("altup");
  at.parameter("correct_output_scale", [hidden], { role });
  at.linear("correction_coefs", count, count, { role });
  at.linear("prediction_coefs", count, count ** 2, { role });
  at.linear("modality_router", hidden, count, { role: "router" });
  at.norm("router_norm", hidden);
  at.buffer("router_input_scale", [], 4);
  for (const name of ["altup_projections", "altup_unembed_projections"]) {
    for (let stream = 0; stream < Math.min(count, 1_000) - 1; stream++) {
      scope.linear(`${name}.${stream}`, hidden, hidden, { role });
    }
  }
}

/** How many layers cut their gates off where the config does not say. */
const CUTTING = 10;

/**
 * Whether a layer cuts its gates off.
 *
 * Source: huggingface/transformers models/gemma3n/configuration_gemma3n.py
 */
function cutsGate(layer: number, config: Config): boolean {
  const stated = config["activation_sparsity_pattern"];
  if (typeof stated === "number") return stated > 0;
  if (Array.isArray(stated)) return Number(stated[layer]) > 0;
  return numberOf(config, [["num_hidden_layers"], 0]) > CUTTING &&
    layer < CUTTING;
}

/** Its code, with eyes and ears or without. */
export const GEMMA3N: CodeParts = {
  layer: { norm: "powered", arrangement: "sandwich" },
  rotary: { tables: 2 },
  attention: {
    normsValues: true,
    handsHeads: true,
    windows: { layers: "turns", turn: PATTERN, size: 512 },
  },
  mlp: { cutsGate },
  embedding: { scaled: "by module" },
  multiplies: { embeddings: true },
  loss: { caps: true },
  cache: {
    window: 512,
    shares: 15,
    ...byLayer((layer) =>
      (layer + 1) % 5 === 0 ? "full_attention" : "sliding_attention"
    ),
  },
};

/** Gemma 3n's text part. */
export const GEMMA3N_TEXT_TYPES: FamilyTypes = {
  gemma3n_text: ofType(causal(gemma3nText), GEMMA3N),
};
