import { embeddedPatches } from "../../../play/layers/plain_sight.ts";
import { DTYPE_BYTES } from "../../../play/torch/dtype.ts";
import { cast, copied, join } from "../../../play/torch/ops/arithmetic.ts";
import { norm } from "../../../play/torch/ops/norms.ts";
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

/** Channels of a pixel. */
const CHANNELS = 3;

/**
 * Idefics3's and SmolVLM's tower: tiles through SigLIP's layers, with a mask of the
 * pixels beside them, and one linear over shuffled patches.
 *
 * Source: huggingface/transformers 5.24.0 models/smolvlm/modeling_smolvlm.py
 */
export const idefics3Sight: KindSight = (question) => {
  const { outside, stacks, images, seen } = question;
  const tiles = images * seen.tiles;
  const [down, across] = seen.grid;
  const patches = down * across;
  const positions = towerPositions(outside);
  const entry = squareEntry(question, {
    path: "embeddings.patch_embedding",
    tiles,
    patches,
    classToken: false,
    positions: positions && {
      parameter: positions,
      lookedUp: true,
      ofEach: true,
    },
  });
  const [stack] = stacks;
  const last = outside.norm(
    outside.pathOf((name) => name.endsWith("post_layernorm.weight")),
    "layer",
  );
  const linears = linearsOf(outside, "connector.modality_projection.proj");
  if (!entry || !stack || !last || !linears) return null;
  const tokens = images * seen.tokens;
  const heads = visionNumber(question, ["num_attention_heads"], 16);
  return {
    sight: {
      pixels: entry.pixels,
      batchBytes: entry.pixels.elements / CHANNELS * DTYPE_BYTES.int64,
      enter: (m, pixels, lead) =>
        m.call(() => {
          const { weight } = entry.patches;
          const own = cast(m, pixels, weight.dtype, "pixels in their type");
          const chosen = copied(m, own, "pixels of images");
          m.drop(own);
          const out = embeddedPatches(m, chosen, entry);
          m.drop(chosen);
          lead(out);
          return out;
        }),
      stages: [
        ...layerStages(stack, {
          batch: tiles,
          tokens: patches,
          headWidth: entry.width / heads,
          traits: {
            rotary: "none",
            activation: towerActivation(question, "gelu_pytorch_tanh"),
            dropout: NO_DROPOUT,
          },
          kernels: "eager",
        }),
        {
          key: "connector",
          isLayer: false,
          run: (m, x) => {
            const features = m.call(() => {
              const normed = norm(m, x, entry.rows, last, "tower norm");
              m.giveBack(normed);
              const turned = copied(m, normed, "shuffled patches");
              const shuffled = join(m, [turned], "shuffled patches");
              m.drop(normed, turned);
              const made = linearsInTurn(m, shuffled, tokens, linears);
              m.drop(shuffled);
              return made;
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
