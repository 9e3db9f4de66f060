import { numberOf } from "../../../models/families/code/setting.ts";
import type { Sides } from "../../../models/images/seen.ts";
import { embeddedPatches } from "../../../play/layers/plain_sight.ts";
import type { Machine } from "../../../play/torch/machine.ts";
import {
  cast,
  copied,
  expanded,
  join,
  resized,
  slice,
} from "../../../play/torch/ops/arithmetic.ts";
import { norm } from "../../../play/torch/ops/norms.ts";
import { unread } from "../../../play/torch/ops/unread.ts";
import type { Parameter, Value } from "../../../play/torch/values.ts";
import { squareEntry, towerPositions } from "./patches.ts";
import { joinedFeatures, linearsInTurn, linearsOf } from "./projector.ts";
import type { KindSight } from "./question.ts";
import {
  layerStages,
  NO_DROPOUT,
  readsSeveralLayers,
  towerActivation,
  unreadStages,
  unreadUntil,
  visionNumber,
} from "./question.ts";

/**
 * LLaVA-NeXT's and LLaVA-OneVision's sight: tiles through CLIP's or SigLIP's
 * layers, of which the padding is cut off and whose rows end in a learned vector.
 *
 * Source: huggingface/transformers 5.24.0
 * models/llava_next/modeling_llava_next.py,
 * models/llava_onevision/modeling_llava_onevision.py
 */
export const llavaTilesSight: KindSight = (question) => {
  if (readsSeveralLayers(question)) return null;
  const { outside, stacks, images, seen, config } = question;
  const tiles = images * seen.tiles;
  const [down, across] = seen.grid;
  const patches = down * across;
  const positions = towerPositions(outside);
  const classToken =
    outside.find((name, { piece }) =>
      piece === "vision_tower" && name.endsWith("class_embedding")
    ) !== null;
  const layerNorm = (pattern: RegExp) =>
    outside.norm(
      outside.pathOf((name, { piece }) =>
        piece === "vision_tower" && pattern.test(name)
      ),
      "layer",
    );
  const entry = squareEntry(question, {
    path: "embeddings.patch_embedding",
    tiles,
    patches,
    classToken,
    positions: positions && { parameter: positions, lookedUp: true },
    preNorm: layerNorm(/pre_layr?norm\.weight$/),
  });
  const [stack] = stacks;
  const last = layerNorm(/post_layernorm\.weight$/);
  const linears = linearsOf(
    outside,
    "multi_modal_projector.linear_1",
    "multi_modal_projector.linear_2",
  );
  const newline = outside.parameter(
    outside.find((name) => name.endsWith("image_newline")),
  );
  const { unpadded } = seen;
  if (!entry || !stack || !last || !linears || !newline || !unpadded) {
    return null;
  }
  const { cut, kept } = unpadded;
  const usual = question.code.kind === "llava_next" ? -2 : -1;
  const layer = numberOf(config, [["vision_feature_layer"], usual]);
  const behind = layer < 0
    ? Math.min(stack.layers.length, -1 - layer)
    : Math.max(0, stack.layers.length - layer);
  const heads = visionNumber(question, ["num_attention_heads"], 16);
  const layers = layerStages(stack, {
    batch: tiles,
    tokens: entry.rows / tiles,
    headWidth: entry.width / heads,
    traits: {
      rotary: "none",
      activation: towerActivation(
        question,
        classToken ? "quick_gelu" : "gelu_pytorch_tanh",
      ),
      dropout: NO_DROPOUT,
    },
    kernels: "eager",
  });
  const tokens = images * seen.tokens;
  const until = unreadUntil(question);
  return {
    sight: {
      pixels: entry.pixels,
      enter: (m, pixels, lead) =>
        m.call(() => {
          const stacked = join(m, [pixels], "pixels of all tiles");
          return embeddedPatches(m, stacked, entry, lead);
        }),
      stages: [
        ...layers.slice(0, layers.length - behind),
        ...unreadStages(question, layers, behind),
        {
          key: "projector",
          isLayer: false,
          run: (m, x) => {
            m.giveBack(x, until);
            // The tower's own last norm runs, and nobody reads it; CLIP's takes the
            // class token alone.
            const normed = classToken ? tiles : entry.rows;
            unread(m, () =>
              m.call(() =>
                norm(
                  m,
                  slice(m, x, normed * entry.width),
                  normed,
                  last,
                  "tower norm",
                )
              ), until);
            const chosen = classToken
              ? slice(m, x, tiles * patches * entry.width)
              : m.view(x);
            const made = linearsInTurn(m, chosen, tiles * patches, linears);
            m.drop(chosen);
            return joinedFeatures(
              m,
              packedTiles(m, made, newline, {
                images,
                seen: patches,
                cut,
                kept,
              }),
            );
          },
        },
      ],
      leads: true,
      readsSize: true,
      tokens,
      others: images * seen.others,
      merge: "scattered",
    },
    unread: (name) =>
      name.startsWith(`${stack.path}.N.`)
        ? behind
        : /post_layernorm\./.test(name)
        ? 1
        : 0,
  };
};

/** Features of each image: the whole of it, and its tiles row by row. */
function packedTiles(
  m: Machine,
  features: Value,
  newline: Parameter,
  { images, seen, cut: [rows, columns], kept }: {
    readonly images: number;
    /** Features of a tile. */
    readonly seen: number;
    readonly cut: Sides;
    readonly kept: Sides;
  },
): Value {
  return m.call(() => {
    const width = newline.elements;
    const base = images * seen * width;
    const whole = slice(m, features, base);
    const rest = slice(m, features, features.elements - base);
    const turned = copied(m, rest, "patches of all tiles");
    m.drop(rest);
    const bare = slice(m, turned, images * rows * columns * width);
    m.drop(turned);
    const [h, w] = kept;
    const small = h === rows && w === columns
      ? m.view(bare)
      : resized(m, bare, images * h * w * width, "fewer patches");
    m.drop(bare);
    const end = cast(m, m.parameter(newline), small.dtype, "end of a row");
    const ends = expanded(m, end, images * h * width);
    m.drop(end);
    const ended = join(m, [small, ends], "patches with ends of rows");
    m.drop(small, ends);
    const all = join(m, [whole, ended], "features of each image");
    m.drop(whole, ended, features);
    return all;
  });
}
