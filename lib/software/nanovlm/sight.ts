import type { SightOf } from "../sight.ts";
import {
  hasPlaceholders,
  imageSide,
  numberInConfig,
  tokensOfImage,
} from "./config.ts";

/**
 * nanoVLM's tower and projector: layers with one projection, flash attention
 * without a mask, LayerNorm, a linear over patches side by side.
 *
 * Source: huggingface/nanoVLM models/vision_transformer.py,
 * models/modality_projector.py
 */
export const nanoVlmSight: SightOf = (
  { scenario, model, outside, towers },
) => {
  const tower = "vision_encoder.patch_embedding";
  const weight = outside.parameter(`${tower}.conv.weight`);
  const positions = outside.parameter(`${tower}.position_embedding`);
  const projection = outside.linear("MP.proj");
  if (towers === 0 || !weight || !positions || !projection) {
    return { reason: `${model.name} has no vision tower of nanoVLM's build` };
  }
  if (outside.parameter(`${tower}.cls_token`)) {
    return { reason: "model.config.vit_cls_flag is not played through yet" };
  }
  const images = scenario.train.micro_batch * scenario.train.images_per_sample;
  const patches = positions.shape[1] ?? 1;
  const dropout = numberInConfig(model, "vit_dropout", 0);
  const width = numberInConfig(model, "vit_hidden_dim", weight.shape[0] ?? 1);
  const tokens = images * tokensOfImage(model);
  return {
    sight: {
      images,
      pixels: { elements: images * 3 * imageSide(model) ** 2, dtype: "fp32" },
      rows: images * patches,
      width,
      patches: {
        weight,
        bias: outside.parameter(`${tower}.conv.bias`),
        rows: images * patches,
      },
      positions: { parameter: positions, lookedUp: false },
      classToken: false,
      preNorm: null,
      dropout,
      rotaryWidth: 0,
      finalNorm: outside.norm("vision_encoder.layer_norm", "layer"),
      projector: {
        joins: numberInConfig(model, "mp_pixel_shuffle_factor", 2) ** 2,
        makes: "a copy",
        norm: null,
        normRows: tokens,
        linears: [projection],
        activation: "kernel",
      },
      tokens,
      merge: hasPlaceholders(model) ? "indexed" : "before",
    },
    tower: {
      headWidth: width / numberInConfig(model, "vit_n_heads", 12),
      traits: {
        rotary: "none",
        activation: "kernel",
        dropout: { attention: dropout, residual: dropout, embedding: dropout },
      },
      kernels: null,
      unreadLayers: 0,
      unread: null,
    },
  };
};
