import { embeddedPatches } from "../../../play/layers/plain_sight.ts";
import { DTYPE_BYTES } from "../../../play/torch/dtype.ts";
import type { Machine } from "../../../play/torch/machine.ts";
import { add, cast, copied } from "../../../play/torch/ops/arithmetic.ts";
import { gathered } from "../../../play/torch/ops/gather.ts";
import { product } from "../../../play/torch/ops/linear.ts";
import { norm } from "../../../play/torch/ops/norms.ts";
import type { Parameter, Value } from "../../../play/torch/values.ts";
import { squareEntry, towerPositions } from "./patches.ts";
import { joinedFeatures, linearsInTurn, linearsOf } from "./projector.ts";
import type { KindSight } from "./question.ts";
import {
  ALL_READ,
  layerStages,
  NO_DROPOUT,
  towerActivation,
  visionNumber,
} from "./question.ts";

/**
 * LFM2-VL's sight: SigLIP 2's layers over patches that are padded to as many for
 * each image and tile, with a mask of the padding and positions that weights pick
 * out of a table; all of them go through the projector, and padding is left out.
 *
 * Source: huggingface/transformers 5.24.0 models/lfm2_vl/modeling_lfm2_vl.py,
 * models/siglip2/modeling_siglip2.py
 */
export const lfm2VlSight: KindSight = (question) => {
  const { scenario, outside, stacks, images, seen } = question;
  const tiles = images * seen.tiles;
  const [patches] = seen.grid;
  const table = towerPositions(outside);
  const entry = squareEntry(question, {
    path: "embeddings.patch_embedding",
    tiles,
    patches,
    classToken: false,
    positions: null,
  });
  const [stack] = stacks;
  const layerNorm = (end: string) =>
    outside.norm(outside.pathOf((name) => name.endsWith(end)), "layer");
  const last = layerNorm("vision_tower.post_layernorm.weight");
  const own = layerNorm("multi_modal_projector.layer_norm.weight");
  const linears = linearsOf(
    outside,
    "multi_modal_projector.linear_1",
    "multi_modal_projector.linear_2",
  );
  if (!entry || !stack || !table || !last || !linears) return null;
  const [first, second] = linears;
  if (!first || !second) return null;
  const { rows, width } = entry;
  const slots = rows * width / first.in;
  const tokens = images * seen.tokens;
  const heads = visionNumber(question, ["num_attention_heads"], 16);
  const isEager = scenario.train.attention === "eager";
  return {
    sight: {
      pixels: entry.pixels,
      batchBytes: rows * DTYPE_BYTES.fp32,
      enter: (m, pixels, lead, hold) => {
        const made = embeddedPatches(m, pixels, entry, lead);
        const placed = withPositions(m, made, table, rows);
        hold(m.create(
          rows * patches,
          isEager ? made.dtype : "uint8",
          "mask of padding",
        ));
        return placed;
      },
      stages: [
        ...layerStages(stack, {
          batch: tiles,
          tokens: patches,
          headWidth: width / heads,
          traits: {
            rotary: "none",
            activation: towerActivation(question, "gelu_pytorch_tanh"),
            dropout: NO_DROPOUT,
          },
          kernels: "eager",
          masked: true,
        }),
        {
          key: "projector",
          isLayer: false,
          run: (m, x) => {
            const features = m.call(() => {
              const ended = norm(m, x, rows, last, "tower norm");
              m.giveBack(ended);
              const grid = gathered(
                m,
                ended,
                ended.elements,
                rows,
                "patches of all slots",
              );
              const squares = copied(m, grid, "patches side by side");
              const normed = own
                ? norm(m, squares, slots, own, "projector norm")
                : copied(m, squares, "patches in order");
              m.drop(squares);
              const all = linearsInTurn(m, normed, slots, linears);
              m.drop(normed);
              return gathered(
                m,
                all,
                tokens * second.out,
                tokens,
                "features without padding",
              );
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

/** Patches with positions that a product of weights in fp32 picks of a table. */
function withPositions(
  m: Machine,
  x: Value,
  table: Parameter,
  rows: number,
): Value {
  return m.call(() => {
    const [places = 1, width = 1] = table.shape;
    const weights = m.create(rows * places, "fp32", "weights of positions");
    const wide = cast(m, m.parameter(table), "fp32", "table in fp32");
    const resized = product(
      m,
      weights,
      rows,
      { name: "positions", in: places, out: width },
      wide,
      "resized positions",
    );
    m.drop(weights, wide);
    const narrow = cast(m, resized, table.dtype, "positions");
    m.drop(resized);
    const out = add(m, x, narrow, "patches with positions");
    m.drop(x, narrow);
    return out;
  });
}
