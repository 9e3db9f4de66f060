import { visionConfig } from "../../../models/families/code/sight.ts";
import { mergerOf } from "./merger.ts";
import { patchConvolution, withTableBetween } from "./patches.ts";
import type { KindSight, SightQuestion } from "./question.ts";
import {
  ALL_READ,
  layerStages,
  NO_DROPOUT,
  standingTable,
  towerActivation,
  visionNumber,
} from "./question.ts";
import type { SightStage } from "../../sight.ts";
import { copied } from "../../../play/torch/ops/arithmetic.ts";

/**
 * Qwen3-VL's tower, and Qwen3.5's: positions between four rows of a table, rotary
 * ones besides, and features of layers in between for the decoder's first layers.
 *
 * Source: huggingface/transformers 5.24.0 models/qwen3_vl/modeling_qwen3_vl.py,
 * models/qwen3_omni_moe/modeling_qwen3_omni_moe.py
 */
export const qwen3VlSight: KindSight = (question) => {
  const { outside, stacks, images, seen } = question;
  const patches = patchConvolution(question, "patch_embed.proj");
  const stack = stacks.find(({ path }) => path.endsWith(".blocks"));
  const mergers = stacks.find(({ path }) => path.endsWith("merger_list"));
  const table = outside.parameter(
    outside.find((name) => name.endsWith("visual.pos_embed.weight")),
  );
  const merger = mergerOf(outside, (name) => /visual\.merger\./.test(name));
  if (!patches || !stack || !table || !merger) return null;
  const { width } = patches;
  const [down, across] = seen.grid;
  const rows = images * down * across;
  const heads = visionNumber(question, ["num_heads"], 16);
  const tokens = images * seen.tokens;
  const layers = layerStages(stack, {
    batch: images,
    tokens: rows / images,
    headWidth: width / heads,
    traits: {
      rotary: "whole",
      wideRotary: true,
      activation: towerActivation(question, "gelu_pytorch_tanh"),
      dropout: NO_DROPOUT,
    },
    kernels: "eager",
    joins: true,
  }, standingTable(rows, width / heads, "fp32"));
  const taken = deepstackLayers(question);
  const stages = layers.flatMap((layer, at): SightStage[] => {
    const place = taken.indexOf(at);
    const own = mergers?.layers[place];
    const each = own ? mergerOf(own.inside) : mergerOf(
      outside,
      (name) => name.includes(`visual.merger_list.${place}.`),
    );
    return each
      ? [layer, {
        key: `deepstack ${place}`,
        isLayer: false,
        hands: true,
        run: (m, x) => each(m, x, { rows, tokens }),
      }]
      : [layer];
  });
  return {
    sight: {
      pixels: patches.pixels(rows),
      enter: (m, pixels) =>
        withTableBetween(m, patches.run(m, pixels, rows), table, rows),
      stages: [...stages, {
        key: "merger",
        isLayer: false,
        run: (m, x) => {
          m.giveBack(x);
          const features = merger(m, x, { rows, tokens });
          m.giveBack(features);
          const joined = copied(m, features, "image features");
          m.drop(features);
          return joined;
        },
      }],
      leads: false,
      readsSize: true,
      tokens,
      others: images * seen.others,
      merge: "scattered",
    },
    unread: ALL_READ,
  };
};

/** Numbers of the layers whose output goes to the decoder; usually of 27 layers. */
function deepstackLayers({ config }: SightQuestion): readonly unknown[] {
  const given = visionConfig(config)["deepstack_visual_indexes"];
  return Array.isArray(given) ? given : [8, 16, 24];
}
