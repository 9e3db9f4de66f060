import { embeddedPatches } from "../../../play/layers/plain_sight.ts";
import type { LayerPlan } from "../../../play/layers/decoder_layer.ts";
import { decoderLayer } from "../../../play/layers/decoder_layer.ts";
import { copied, slice } from "../../../play/torch/ops/arithmetic.ts";
import { norm } from "../../../play/torch/ops/norms.ts";
import type { Norm } from "../../../play/torch/ops/norms.ts";
import type { Parameter } from "../../../play/torch/values.ts";
import type { ModuleSource, SightStage, Tower } from "../../sight.ts";
import { squareEntry } from "./patches.ts";
import { linearsInTurn, linearsOf } from "./projector.ts";
import type { KindSight } from "./question.ts";
import {
  ALL_READ,
  NO_DROPOUT,
  towerActivation,
  visionNumber,
} from "./question.ts";

/**
 * InternVL's tower: tiles through BEiT's layers, whose branches are multiplied by
 * learned vectors, and a projector of shuffled patches.
 *
 * Source: huggingface/transformers 5.24.0 models/internvl/modeling_internvl.py
 */
export const internvlSight: KindSight = (question) => {
  const { outside, stacks, images, seen } = question;
  const tiles = images * seen.tiles;
  const [down, across] = seen.grid;
  const positions = outside.parameter(
    outside.find((name) => name.endsWith("embeddings.position_embeddings")),
  );
  const entry = squareEntry(question, {
    path: "patch_embeddings.projection",
    tiles,
    patches: down * across,
    classToken: true,
    positions: positions && { parameter: positions, lookedUp: false },
  });
  const [stack] = stacks;
  const linears = linearsOf(
    outside,
    "multi_modal_projector.linear_1",
    "multi_modal_projector.linear_2",
  );
  const own = outside.norm(
    outside.pathOf((name) => name.endsWith("projector.layer_norm.weight")),
    "layer",
  );
  if (!entry || !stack || !linears || !own) return null;
  const last = outside.norm(
    outside.pathOf((name) => name.endsWith("vision_tower.layernorm.weight")),
    "layer",
  );
  const heads = visionNumber(question, ["num_attention_heads"], 16);
  const tower: Tower = {
    batch: tiles,
    tokens: entry.rows / tiles,
    headWidth: entry.width / heads,
    traits: {
      norm: "rms",
      rotary: "none",
      activation: towerActivation(question, "gelu"),
      dropout: NO_DROPOUT,
      wideSoftmax: false,
    },
    kernels: "eager",
  };
  const tokens = images * seen.tokens;
  return {
    sight: {
      pixels: entry.pixels,
      enter: (m, pixels, lead) => embeddedPatches(m, pixels, entry, lead),
      stages: [
        ...stack.layers.map(({ key, inside, planOf }): SightStage => ({
          key,
          isLayer: true,
          run: (m, x) =>
            decoderLayer(m, x, scaledBranches(planOf(tower), inside), null),
        })),
        {
          key: "projector",
          isLayer: false,
          run: (m, x) =>
            m.call(() => {
              const ended = last ? norm(m, x, entry.rows, last, "norm") : x;
              m.giveBack(ended);
              const patches = entry.patches.rows * entry.width;
              const cut = slice(m, ended, patches);
              const turned = copied(m, cut, "shuffled patches");
              m.drop(cut);
              const shuffled = copied(m, turned, "shuffled patches");
              m.drop(turned);
              const normed = norm(m, shuffled, tokens, own, "projector norm");
              m.drop(shuffled);
              const features = linearsInTurn(m, normed, tokens, linears);
              m.drop(normed);
              return features;
            }),
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

/** A layer with the vectors that multiply its branches; code holds what they give. */
function scaledBranches(plan: LayerPlan, inside: ModuleSource): LayerPlan {
  const [first, second] = ["lambda_1", "lambda_2"].map((name) =>
    inside.parameter(name)
  );
  const vector = (weight: Parameter | null | undefined): Norm | null =>
    weight ? { kind: "vector", weight, bias: null } : null;
  return {
    ...plan,
    holdsAttended: true,
    norms: {
      ...plan.norms,
      afterAttention: vector(first),
      afterMlp: vector(second),
    },
  };
}
