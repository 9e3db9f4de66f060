import { decoderLayer } from "../../play/layers/decoder_layer.ts";
import type { PlainSight } from "../../play/layers/plain_sight.ts";
import {
  embeddedPatches,
  projectedPatches,
} from "../../play/layers/plain_sight.ts";
import type { SightOf, SightStage } from "../sight.ts";
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
  { scenario, model, outside, stacks },
) => {
  const tower = "vision_encoder.patch_embedding";
  const weight = outside.parameter(`${tower}.conv.weight`);
  const positions = outside.parameter(`${tower}.position_embedding`);
  const projection = outside.linear("MP.proj");
  const [stack] = stacks;
  if (!stack || !weight || !positions || !projection) {
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
  const rows = images * patches;
  const plan: PlainSight = {
    pixels: { elements: images * 3 * imageSide(model) ** 2, dtype: "fp32" },
    rows,
    width,
    patches: {
      weight,
      bias: outside.parameter(`${tower}.conv.bias`),
      rows,
    },
    positions: { parameter: positions, lookedUp: false },
    classToken: false,
    preNorm: null,
    dropout,
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
  };
  const layers = {
    batch: images,
    tokens: patches,
    headWidth: width / numberInConfig(model, "vit_n_heads", 12),
    traits: {
      rotary: "none",
      activation: "kernel",
      dropout: { attention: dropout, residual: dropout, embedding: dropout },
    },
    kernels: null,
  } as const;
  return {
    sight: {
      pixels: plan.pixels,
      enter: (m, pixels) => embeddedPatches(m, pixels, plan),
      stages: [
        ...stack.layers.map(({ key, planOf }): SightStage => ({
          key,
          isLayer: true,
          run: (m, x) => decoderLayer(m, x, planOf(layers), null),
        })),
        {
          key: "projector",
          isLayer: false,
          run: (m, x) => projectedPatches(m, x, plan),
        },
      ],
      leads: false,
      readsSize: false,
      tokens,
      others: 0,
      merge: hasPlaceholders(model) ? "indexed" : "before",
    },
    unread: () => 0,
  };
};
