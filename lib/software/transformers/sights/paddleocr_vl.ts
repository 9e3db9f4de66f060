import { copied, join } from "../../../play/torch/ops/arithmetic.ts";
import { norm } from "../../../play/torch/ops/norms.ts";
import {
  patchConvolution,
  towerPositions,
  withTableBetween,
} from "./patches.ts";
import { joinedFeatures, linearsInTurn, linearsOf } from "./projector.ts";
import type { KindSight } from "./question.ts";
import {
  ALL_READ,
  layerStages,
  NO_DROPOUT,
  standingTable,
  towerActivation,
  visionNumber,
} from "./question.ts";

/**
 * PaddleOCR-VL's tower: SigLIP's layers with rotary positions and those between
 * four rows of a table, and a projector that norms and joins squares of patches.
 *
 * Source: huggingface/transformers 5.24.0
 * models/paddleocr_vl/modeling_paddleocr_vl.py
 */
export const paddleocrVlSight: KindSight = (question) => {
  const { outside, stacks, images, seen } = question;
  const patches = patchConvolution(question, "embeddings.patch_embedding");
  const [stack] = stacks;
  const table = towerPositions(outside);
  const layerNorm = (end: string) =>
    outside.norm(outside.pathOf((name) => name.endsWith(end)), "layer");
  const last = layerNorm("post_layernorm.weight");
  const own = layerNorm("projector.pre_norm.weight");
  const linears = linearsOf(
    outside,
    "projector.linear_1",
    "projector.linear_2",
  );
  if (!patches || !stack || !table || !last || !own || !linears) return null;
  const [down, across] = seen.grid;
  const rows = images * down * across;
  const tokens = images * seen.tokens;
  const width = patches.width /
    visionNumber(question, ["num_attention_heads"], 16);
  return {
    sight: {
      pixels: patches.pixels(rows),
      enter: (m, pixels) =>
        withTableBetween(m, patches.run(m, pixels, rows), table, rows),
      stages: [
        ...layerStages(stack, {
          batch: images,
          tokens: rows / images,
          headWidth: width,
          traits: {
            rotary: "whole",
            wideRotary: true,
            activation: towerActivation(question, "gelu_pytorch_tanh"),
            dropout: NO_DROPOUT,
          },
          kernels: "eager",
          joins: true,
        }, standingTable(rows, width, "fp32")),
        {
          key: "projector",
          isLayer: false,
          run: (m, x) => {
            const features = m.call(() => {
              const ended = norm(m, x, rows, last, "tower norm");
              m.giveBack(ended);
              const normed = norm(m, ended, rows, own, "projector norm");
              const squares = copied(m, normed, "squares of patches");
              m.drop(ended, normed);
              const made = linearsInTurn(m, squares, tokens, linears);
              m.drop(squares);
              return join(m, [made], "features of each image");
            });
            return joinedFeatures(m, features);
          },
        },
      ],
      leads: false,
      readsSize: true,
      tokens,
      others: images * seen.others,
      merge: "scattered",
    },
    unread: ALL_READ,
  };
};
