import { withClasses } from "../heads/with_classes.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import {
  evenAttention,
  inLayers,
  plainMlp,
  PROJ,
  vocabularyHead,
} from "./blocks_classic.ts";
import { UNTURNED } from "./code/parts.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import { BART_CLASSES } from "./encoder_decoder_classes.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";

/**
 * NLLB with experts in every fourth layer: an encoder and a decoder with waves of
 * positions, normed before.
 *
 * Source: huggingface/transformers models/nllb_moe/modeling_nllb_moe.py
 */
const nllbMoe: Family = (config, scope) => {
  const width = config.size("d_model", "hidden_size");
  const vocabulary = config.size("vocab_size");
  const tied = config.flag("tie_word_embeddings", true);
  const model = scope.scope("model");
  model.embedding("shared", vocabulary, width);
  for (const name of ["encoder", "decoder"] as const) {
    const stack = model.scope(name);
    if (!tied) stack.embedding("embed_tokens", vocabulary, width);
    layers(config, stack, name, width);
    stack.norm("layer_norm", width, { bias: true });
  }
  vocabularyHead(scope, "lm_head", [width, vocabulary], { tied });
};

function layers(
  config: ConfigReader,
  stack: TensorScope,
  name: "encoder" | "decoder",
  width: number,
): void {
  const count = config.size(`${name}_layers`);
  const layer = stack.layers("layers", allLayers(count));
  const attentions = name === "decoder"
    ? ["self_attn", "cross_attention"]
    : ["self_attn"];
  for (const each of attentions) {
    evenAttention(layer.scope(each), width, {
      names: { ...PROJ, output: "out_proj" },
      bias: true,
    });
    layer.norm(`${each}_layer_norm`, width, { bias: true });
  }
  layer.norm("ff_layer_norm", width, { bias: true });
  const inner = config.size(`${name}_ffn_dim`);
  const step = config.optional(`${name}_sparse_step`) ?? 4;
  const isSparse = (at: number) => step > 0 && (at + 1) % step === 0;
  const dense = layersWhere(count, (at) => !isSparse(at));
  inLayers(stack, "layers", dense, (at) => {
    plainMlp(at.scope("ffn"), ["fc1", "fc2"], width, inner, { bias: true });
  });
  inLayers(stack, "layers", layersWhere(count, isSparse), (at) => {
    experts(config, at.scope("ffn"), width, inner);
  });
}

/** Experts are modules each; alike as they are, each of their tensors stands for all. */
function experts(
  config: ConfigReader,
  at: TensorScope,
  width: number,
  inner: number,
): void {
  const count = config.size("num_experts");
  const bias = config.flag("router_bias", false);
  at.linear("router.classifier", width, count, { role: "router", bias });
  const all = at.scope("experts");
  const expert = true;
  all.parameter("fc1.weight", [count, inner, width], { role: "up", expert });
  all.parameter("fc1.bias", [count, inner], { role: "up", expert });
  all.parameter("fc2.weight", [count, width, inner], { role: "down", expert });
  all.parameter("fc2.bias", [count, width], { role: "down", expert });
}

/** The type of this file. */
export const NLLB_MOE_TYPES: FamilyTypes = {
  "nllb-moe": ofClasses(withClasses(nllbMoe, BART_CLASSES), UNTURNED, {
    cache: { crosses: true },
    unplayed: UNPLAYED,
  }),
};
