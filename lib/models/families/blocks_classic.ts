import type { ConfigReader } from "../tensors/config_reader.ts";
import type { LayerRange } from "../tensors/tensor.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";

/** Attention whose heads have the width of the model, as most had at first. */
export interface Projections {
  query: string;
  key: string;
  value: string;
  output: string;
}

/** The names of OPT, BART and most that came from fairseq. */
export const PROJ: Projections = {
  query: "q_proj",
  key: "k_proj",
  value: "v_proj",
  output: "out_proj",
};

/**
 * Four projections of an attention with as many key heads as query heads.
 *
 * @param scope The place of the attention itself.
 * @param hidden The width of the model.
 * @param inner The width of all heads together.
 */
export function evenAttention(
  scope: TensorScope,
  hidden: number,
  { names = PROJ, inner = hidden, bias = false, keyBias = bias, outputBias }: {
    names?: Projections;
    inner?: number;
    bias?: boolean;
    keyBias?: boolean;
    outputBias?: boolean;
  } = {},
): void {
  const cut = "column";
  scope.linear(names.query, hidden, inner, { role: "q", bias, cut });
  scope.linear(names.key, hidden, inner, { role: "k", bias: keyBias, cut });
  scope.linear(names.value, hidden, inner, { role: "v", bias, cut });
  scope.linear(names.output, inner, hidden, {
    role: "o",
    bias: outputBias ?? bias,
    cut: "row",
  });
}

/** An MLP without a gate: one linear up, one down. */
export function plainMlp(
  scope: TensorScope,
  [up, down]: readonly [up: string, down: string],
  hidden: number,
  intermediate: number,
  { bias = false }: { bias?: boolean } = {},
): void {
  scope.linear(up, hidden, intermediate, { role: "up", bias, cut: "column" });
  scope.linear(down, intermediate, hidden, { role: "down", bias, cut: "row" });
}

/** Declares what some layers of a stack have, and nothing when none does. */
export function inLayers(
  scope: TensorScope,
  stack: string,
  layers: readonly LayerRange[],
  declare: (layer: TensorScope) => void,
): void {
  if (layers.length > 0) declare(scope.layers(stack, layers));
}

/**
 * A layer as fairseq built it: attention, perhaps attention to an encoder, and
 * an MLP of two linears, each with a norm of its own.
 */
export function transformerLayer(
  layer: TensorScope,
  hidden: number,
  intermediate: number,
  { crossAttention = false, keyBias = true }: {
    crossAttention?: boolean;
    keyBias?: boolean;
  } = {},
): void {
  const attentions = crossAttention
    ? ["self_attn", "encoder_attn"]
    : ["self_attn"];
  for (const name of attentions) {
    evenAttention(layer.scope(name), hidden, { bias: true, keyBias });
    layer.norm(`${name}_layer_norm`, hidden, { bias: true });
  }
  plainMlp(layer, ["fc1", "fc2"], hidden, intermediate, { bias: true });
  layer.norm("final_layer_norm", hidden, { bias: true });
}

/**
 * A head of the vocabulary. Its bias stands for itself where its weight is tied
 * to the embedding.
 */
export function vocabularyHead(
  scope: TensorScope,
  name: string,
  [width, vocabulary]: readonly [width: number, vocabulary: number],
  { tied, bias = false }: { tied: boolean; bias?: boolean },
): void {
  if (!tied) {
    const cut = "column";
    scope.linear(name, width, vocabulary, { role: "head", bias, cut });
  } else if (bias) {
    scope.parameter(`${name}.bias`, [vocabulary], { role: "head", split: 0 });
  }
}

/** A linear layer that tells classes apart. */
export function classifierHead(
  scope: TensorScope,
  name: string,
  inputs: number,
  labels: number,
): void {
  scope.linear(name, inputs, labels, { role: "head", bias: true });
}

/** The rotary embedding's inverse frequencies and their original, in fp32. */
export function rotaryBuffers(scope: TensorScope, dimension: number): void {
  const frequencies = Math.max(0, Math.ceil(dimension / 2));
  scope.buffer("rotary_emb.inv_freq", [frequencies], 4);
  scope.buffer("rotary_emb.original_inv_freq", [frequencies], 4);
}

/** The share of a head that rotates: of `rope_parameters`, or named of old. */
export function rotaryShare(
  config: ConfigReader,
  key: string,
  fallback: number,
): number {
  return config.inner("rope_parameters").number(
    "partial_rotary_factor",
    config.number(key, fallback),
  );
}

/** A whole number for which a config may also say "auto". */
export function sizeOrAuto(
  config: ConfigReader,
  key: string,
  auto: number,
): number {
  if (textOrOther(config, key) === "auto") return auto;
  return config.optional(key) ?? auto;
}

/** The text under a key whose value may as well be of another kind, or null. */
export function textOrOther(config: ConfigReader, key: string): string | null {
  if (!config.has(key)) return null;
  // The reader tells a value's kind only by the problem that it finds.
  const before = config.problems.length;
  const text = config.text(key, "");
  const isText = config.problems.length === before;
  config.problems.length = before;
  return isText ? text : null;
}

/**
 * How many classes a classifier tells apart: as many as num_labels says, which names
 * them anew where others are named, else as many as have a name.
 *
 * Source: huggingface/transformers 5.24 configuration_utils.py, num_labels
 */
export function labelsOf(config: ConfigReader, fallback = 2): number {
  const named = config.has("id2label") ? config.keys("id2label").length : null;
  return config.optional("num_labels") ?? named ?? fallback;
}

/** The class that a config was saved for, without the name of its family. */
export function taskOf(config: ConfigReader): string {
  const [architecture = ""] = config.texts("architectures");
  return /(?:For[A-Z]|LMHead).*$/.exec(architecture)?.[0] ?? "";
}
