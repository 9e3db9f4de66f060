import { withClasses } from "../heads/with_classes.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import {
  evenAttention,
  inLayers,
  plainMlp,
  vocabularyHead,
} from "./blocks_classic.ts";
import { UNTURNED } from "./code/parts.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import { T5_CLASSES } from "./encoder_decoder_classes.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";

const NAMES = { query: "q", key: "k", value: "v", output: "o" };

/**
 * Switch Transformers: T5 with experts of two matrices in some layers of both stacks.
 *
 * Source: huggingface/transformers
 * models/switch_transformers/modeling_switch_transformers.py
 */
const switchTransformers: Family = (config, scope) => {
  const hidden = config.size("d_model", "hidden_size");
  const vocabulary = config.size("vocab_size");
  const layers = config.size("num_layers", "num_hidden_layers");
  const tied = config.flag("tie_word_embeddings", true);
  scope.embedding("shared", vocabulary, hidden);
  for (const name of ["encoder", "decoder"] as const) {
    const count = name === "encoder"
      ? layers
      : config.optional("num_decoder_layers") ?? layers;
    const at = scope.scope(name);
    if (!tied) at.embedding("embed_tokens", vocabulary, hidden);
    stack(config, at, name, count);
  }
  const [named = ""] = config.texts("architectures");
  if (named === "SwitchTransformersModel") return;
  vocabularyHead(scope, "lm_head", [hidden, vocabulary], { tied });
};

function stack(
  config: ConfigReader,
  scope: TensorScope,
  name: "encoder" | "decoder",
  count: number,
): void {
  const hidden = config.size("d_model", "hidden_size");
  const heads = config.size("num_heads", "num_attention_heads");
  const inner = heads * config.size("d_kv", "head_dim");
  const block = scope.layers("block", allLayers(count));
  const kinds = name === "decoder"
    ? ["SelfAttention", "EncDecAttention"]
    : ["SelfAttention"];
  for (const [at, kind] of kinds.entries()) {
    const layer = block.scope(`layer.${at}`);
    evenAttention(layer.scope(kind), hidden, { names: NAMES, inner });
    layer.norm("layer_norm", hidden);
  }
  scope.layers("block", allLayers(Math.min(1, count))).embedding(
    "layer.0.SelfAttention.relative_attention_bias",
    config.optional("relative_attention_num_buckets") ?? 32,
    heads,
    "position",
  );
  const last = `layer.${kinds.length}`;
  block.norm(`${last}.layer_norm`, hidden);
  const step = stepOf(config, name, count);
  const isSparse = (at: number) => step > 0 && (at % step === 1 || step === 1);
  const width = config.size("d_ff");
  const dense = layersWhere(count, (at) => !isSparse(at));
  inLayers(scope, "block", dense, (at) => {
    plainMlp(at.scope(`${last}.mlp`), ["wi", "wo"], hidden, width);
  });
  inLayers(scope, "block", layersWhere(count, isSparse), (layer) => {
    experts(config, layer.scope(`${last}.mlp`), hidden, width);
  });
  scope.norm("final_layer_norm", hidden);
}

/** Every which layer has experts; with none asked for, the code still makes one. */
function stepOf(
  config: ConfigReader,
  name: "encoder" | "decoder",
  count: number,
): number {
  const sparse = config.optional(`num_sparse_${name}_layers`) ?? 3;
  return config.optional(`${name}_sparse_step`) ??
    (sparse > 0 ? Math.floor(count / sparse) : count);
}

/** Experts are modules each; alike as they are, each of their tensors stands for all. */
function experts(
  config: ConfigReader,
  at: TensorScope,
  hidden: number,
  width: number,
): void {
  const count = config.size("num_experts");
  const bias = config.flag("router_bias", false);
  const expert = true;
  at.linear("router.classifier", hidden, count, { role: "router", bias });
  const all = at.scope("experts");
  all.parameter("wi.weight", [count, width, hidden], { role: "up", expert });
  all.parameter("wo.weight", [count, hidden, width], { role: "down", expert });
}

/** The type of this file. */
export const SWITCH_TYPES: FamilyTypes = {
  switch_transformers: ofClasses(
    withClasses(switchTransformers, T5_CLASSES),
    UNTURNED,
    { cache: { crosses: true }, unplayed: UNPLAYED },
  ),
};
