import { copied, join } from "../../../play/torch/ops/arithmetic.ts";
import { norm } from "../../../play/torch/ops/norms.ts";
import { patchConvolution } from "./patches.ts";
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
 * Pixtral's tower, whose images lie one after the other in one sequence, and
 * Mistral 3's projector, which merges squares of patches. LightOnOCR's is the same.
 *
 * Source: huggingface/transformers 5.24.0 models/pixtral/modeling_pixtral.py,
 * models/mistral3/modeling_mistral3.py, models/lighton_ocr/modeling_lighton_ocr.py
 */
export const mistral3Sight: KindSight = (question) => {
  const { scenario, outside, stacks, images, seen } = question;
  const patches = patchConvolution(question, "patch_conv");
  const [stack] = stacks;
  const named = (end: string) =>
    outside.norm(outside.pathOf((name) => name.endsWith(end)), "rms");
  const before = named("ln_pre.weight");
  const own = named("multi_modal_projector.norm.weight") ??
    named("vision_projection.norm.weight");
  const linears = linearsOf(
    outside,
    "patch_merger.merging_layer",
    ".linear_1",
    ".linear_2",
  );
  if (!patches || !stack || !before || !own || !linears) return null;
  const [merging, ...projecting] = linears;
  if (!merging) return null;
  const [down, across] = seen.grid;
  const rows = images * down * across;
  const tokens = images * seen.tokens;
  // A flash kernel is told where images begin.
  const isMasked = scenario.train.attention !== "flash";
  const width = patches.width /
    visionNumber(question, ["num_attention_heads"], 16);
  return {
    sight: {
      pixels: patches.pixels(rows),
      enter: (m, pixels, lead, hold) =>
        m.call(() => {
          const made = patches.run(m, pixels, rows);
          lead(made);
          const packed = join(m, [made], "patches of all images");
          m.drop(made);
          if (isMasked) {
            const { weights } = scenario.precision;
            hold(m.create(rows ** 2, weights, "mask of images"));
          }
          return norm(m, packed, rows, before, "norm before the tower");
        }),
      stages: [
        ...layerStages(stack, {
          batch: 1,
          tokens: rows,
          headWidth: width,
          traits: {
            norm: "rms",
            rotary: "whole",
            activation: towerActivation(question, "gelu"),
            dropout: NO_DROPOUT,
          },
          kernels: "eager",
          masked: isMasked,
          biasDtype: scenario.precision.weights,
        }, standingTable(rows, width, null)),
        {
          key: "projector",
          isLayer: false,
          run: (m, x) => {
            m.giveBack(x);
            const features = m.call(() => {
              const normed = norm(m, x, rows, own, "projector norm");
              const unfolded = copied(m, normed, "squares of patches");
              const squares = join(m, [unfolded], "squares of all images");
              const merged = linearsInTurn(m, squares, tokens, [merging]);
              m.drop(normed, unfolded, squares);
              return linearsInTurn(m, merged, tokens, projecting);
            });
            return joinedFeatures(m, features);
          },
        },
      ],
      leads: true,
      readsSize: true,
      tokens,
      others: images * seen.others,
      merge: "scattered",
    },
    unread: ALL_READ,
  };
};
