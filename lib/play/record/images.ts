import type { Dtype } from "../torch/dtype.ts";
import { DTYPE_BYTES } from "../torch/dtype.ts";
import type { Machine } from "../torch/machine.ts";
import type { PassEnds, Value } from "../torch/values.ts";
import { cast, copied, join } from "../torch/ops/arithmetic.ts";

/** How image features get among the embeddings of text. */
export type Merge =
  /** Before the text: nanoVLM until May 2025. */
  | "before"
  /** Written over a copy, at the places of an index: nanoVLM since. */
  | "indexed"
  /** masked_scatter over the embeddings of placeholders: transformers. */
  | "scattered";

/** Image features that come to the embeddings. */
export interface ImagePlan {
  /** Tokens of all images. */
  readonly tokens: number;
  readonly merge: Merge;
  readonly dtype: Dtype;
  readonly needsGrad: boolean;
  /** How long a variable holds them as they are put in. */
  readonly until: keyof PassEnds;
}

/**
 * The embeddings of a sequence with its images.
 *
 * @param text Embeddings of the tokens that are looked up; the caller holds it.
 * @param features Image features; the caller holds it.
 * @param width Features of a token.
 */
export function withImages(
  m: Machine,
  text: Value,
  features: Value,
  { merge, tokens, until }: ImagePlan,
  width: number,
): Value {
  m.giveBack(features, until);
  m.giveBack(text, until);
  return m.call(() => {
    const own = cast(m, features, text.dtype, "image features in their type");
    switch (merge) {
      case "before":
        return join(m, [own, text], "embeddings with images");
      case "indexed":
        return indexed(m, text, own, tokens);
      case "scattered":
        return scattered(m, text, own, width);
    }
  });
}

/** x.clone()[index] = features: both gradients are copies. */
function indexed(
  m: Machine,
  text: Value,
  features: Value,
  tokens: number,
): Value {
  const index = m.create(2 * tokens, "int64", "places of image tokens");
  const clone = copied(m, text, "embeddings with images");
  return placed(m, clone, features, [index]);
}

/**
 * masked_scatter by a mask of rows, which is saved; the kernel counts places in a
 * whole number for each feature.
 *
 * Source: huggingface/transformers models/llava/modeling_llava.py,
 * get_placeholder_mask; pytorch aten/src/ATen/native/cuda/IndexKernel.cpp,
 * masked_scatter_cuda_
 */
function scattered(
  m: Machine,
  text: Value,
  features: Value,
  width: number,
): Value {
  const { elements } = text;
  const mask = m.create(elements / width, "uint8", "mask of image tokens");
  const clone = copied(m, text, "embeddings with images");
  if (m.workspaces) {
    m.drop(
      m.create(elements, "uint8", "mask of image features"),
      m.create(elements, "int64", "places of image features"),
    );
  }
  return placed(m, clone, features, [mask], true);
}

const FEATURES_GRADIENT = "gradient of image features";

/** Dimensions of the embeddings, of each of which a place is a number. */
const DIMENSIONS = 3;

/**
 * What a mask selects of all features: the mask spread over them, and the place of
 * each that it takes.
 *
 * Source: pytorch tools/autograd/derivatives.yaml, masked_scatter_backward;
 * aten/src/ATen/native/cuda/Indexing.cu, masked_select_out_cuda_impl, nonzero
 */
function selectedBy<T>(
  m: Machine,
  all: number,
  elements: number,
  body: () => T,
): T {
  if (!m.workspaces) return body();
  return m.temporary(
    all + elements * DIMENSIONS * DTYPE_BYTES.int64,
    "places of image features",
    body,
  );
}

/** Features written into a copy: each side's gradient is one of its own size. */
function placed(
  m: Machine,
  clone: Value,
  features: Value,
  saved: readonly Value[],
  selects = false,
): Value {
  const node = m.record([clone, features], saved, () => {
    const text = clone.source &&
      m.grad(null, clone.elements, clone.dtype, "gradient of text embeddings");
    const selected = () =>
      m.grad(null, features.elements, features.dtype, FEATURES_GRADIENT);
    return [
      text,
      features.source &&
      (selects
        ? selectedBy(m, clone.elements, features.elements, selected)
        : selected()),
    ];
  });
  return m.view(clone, { source: node && { node, slot: 0 } });
}
