import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { labelsOf } from "./blocks_classic.ts";
import { sizeOr } from "./blocks_vision.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";

/** An attention with its MLP. */
interface Layer {
  asks: number;
  /** The width of what it attends to, where that is not what asks. */
  reads?: number;
  keys: number | null;
  values: number | null;
  widening: number;
}

/**
 * Perceiver: latents that read bytes once, attend to one another, and are read by a
 * query for each byte that is guessed, or by one for a class.
 *
 * Source: huggingface/transformers models/perceiver/modeling_perceiver.py
 */
const perceiver: Family = (config, scope) => {
  const [named = ""] = config.texts("architectures");
  const isBody = named === "PerceiverModel";
  const isClass = named === "PerceiverForSequenceClassification";
  const latents = config.size("d_latents");
  const width = config.size("d_model");
  const positions = config.size("max_position_embeddings");
  const model = isBody ? scope : scope.scope("perceiver");
  if (!isBody) {
    const inputs = model.scope("input_preprocessor");
    inputs.embedding("embeddings", config.size("vocab_size"), width);
    inputs.embedding("position_embeddings", positions, width, "position");
  }
  model.parameter("embeddings.latents", [
    sizeOr(config, "num_latents", 256),
    latents,
  ], { role: "other" });
  encoder(config, model.scope("encoder"), latents, width);
  if (isBody) return;
  const queries = isClass ? latents : width;
  const decoder = model.scope(isClass ? "decoder.decoder" : "decoder");
  decoder.parameter("output_position_encodings.position_embeddings", [
    isClass ? 1 : positions,
    queries,
  ], { role: "position" });
  layer(config, decoder.scope("decoding_cross_attention"), {
    asks: queries,
    reads: latents,
    // Eight heads of 32 channels each.
    keys: isClass ? null : 256,
    values: isClass ? null : width,
    widening: 1,
  });
  if (isClass) {
    decoder.linear("final_layer", latents, labelsOf(config), {
      role: "head",
      bias: true,
    });
  } else {
    scope.parameter("embedding_decoder.bias", [config.size("vocab_size")], {
      role: "head",
    });
  }
};

function encoder(
  config: ConfigReader,
  at: TensorScope,
  latents: number,
  width: number,
): void {
  const keys = config.optional("qk_channels");
  const values = config.optional("v_channels");
  layer(config, at.scope("cross_attention"), {
    asks: latents,
    reads: width,
    keys,
    values,
    widening: sizeOr(config, "cross_attention_widening_factor", 1),
  });
  // Every block is the same layers once more.
  const layers = allLayers(sizeOr(config, "num_self_attends_per_block", 26));
  layer(config, at.layers("self_attends", layers), {
    asks: latents,
    keys,
    values,
    widening: sizeOr(config, "self_attention_widening_factor", 1),
  });
}

function layer(
  config: ConfigReader,
  at: TensorScope,
  { asks, reads, keys, values, widening }: Layer,
): void {
  const shape = config.text("cross_attention_shape_for_attention", "kv");
  const from = reads ?? asks;
  const inner = keys ?? (reads !== undefined && shape === "kv" ? from : asks);
  const given = values ?? inner;
  const own = at.scope("attention.self");
  own.norm("layernorm1", asks, { bias: true });
  if (reads !== undefined) own.norm("layernorm2", reads, { bias: true });
  const cut = "column";
  own.linear("query", asks, inner, { role: "q", bias: true, cut });
  own.linear("key", from, inner, { role: "k", bias: true, cut });
  own.linear("value", from, given, { role: "v", bias: true, cut });
  const outputs = reads === undefined ? given : asks;
  at.linear("attention.output.dense", given, outputs, {
    role: "o",
    bias: true,
    cut: "row",
  });
  at.norm("layernorm", asks, { bias: true });
  const wide = widening * asks;
  at.linear("mlp.dense1", asks, wide, { role: "up", bias: true, cut });
  at.linear("mlp.dense2", wide, asks, {
    role: "down",
    bias: true,
    cut: "row",
  });
}

/** The type of this file. */
export const PERCEIVER_TYPES: FamilyTypes = {
  perceiver: ofClasses(perceiver, { unplayed: UNPLAYED }),
};
