import { activated } from "../../../play/layers/mlp_layer.ts";
import { embeddedPatches } from "../../../play/layers/plain_sight.ts";
import { adaptedLinear } from "../../../play/torch/ops/adapted_linear.ts";
import { copied } from "../../../play/torch/ops/arithmetic.ts";
import { norm } from "../../../play/torch/ops/norms.ts";
import { unread } from "../../../play/torch/ops/unread.ts";
import { squareEntry, towerPositions } from "./patches.ts";
import { linearsOf } from "./projector.ts";
import type { KindSight } from "./question.ts";
import {
  layerStages,
  NO_DROPOUT,
  readsSeveralLayers,
  towerActivation,
  unreadUntil,
  visionNumber,
} from "./question.ts";

/**
 * Aya Vision's and Command A Vision's sight: tiles through SigLIP's layers, and
 * shuffled patches before a gated projector, which Aya's norms first. Aya reads the
 * last layer, and nobody the norm behind it.
 *
 * Source: huggingface/transformers 5.24.0
 * models/aya_vision/modeling_aya_vision.py,
 * models/cohere2_vision/modeling_cohere2_vision.py
 */
export const cohereSight: KindSight = (question) => {
  if (readsSeveralLayers(question)) return null;
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
    positions: positions && { parameter: positions, lookedUp: true },
  });
  const [stack] = stacks;
  const layerNorm = (end: string) =>
    outside.norm(outside.pathOf((name) => name.endsWith(end)), "layer");
  const last = layerNorm("post_layernorm.weight");
  const own = layerNorm("multi_modal_projector.layernorm.weight");
  const linears = linearsOf(
    outside,
    "multi_modal_projector.linear_1",
    "multi_modal_projector.linear_2",
  );
  const [up, out] = linears ?? [];
  if (!entry || !stack || !last || !up || !out) return null;
  const readsNorm = question.code.kind === "cohere2_vision";
  const heads = visionNumber(question, ["num_attention_heads"], 16);
  const tokens = images * seen.tokens;
  return {
    sight: {
      pixels: entry.pixels,
      enter: (m, pixels, lead) => embeddedPatches(m, pixels, entry, lead),
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
          key: "projector",
          isLayer: false,
          run: (m, x) =>
            m.call(() => {
              m.giveBack(x);
              const normed = () => norm(m, x, entry.rows, last, "tower norm");
              if (!readsNorm) unread(m, normed, unreadUntil(question));
              const read = readsNorm ? normed() : m.view(x);
              m.giveBack(read);
              const turned = copied(m, read, "shuffled patches");
              m.drop(read);
              const input = own
                ? norm(m, turned, tokens, own, "projector norm")
                : copied(m, turned, "patches side by side");
              m.drop(turned);
              const inner = activated(m, input, tokens, {
                gate: "fused",
                up,
                down: out,
                activation: "kernel",
                compiled: false,
                upFirst: false,
              });
              m.drop(input);
              return adaptedLinear(m, inner, tokens, out);
            }),
        },
      ],
      leads: true,
      readsSize: true,
      tokens,
      others: images * seen.others,
      merge: "scattered",
    },
    unread: (name) => !readsNorm && /post_layernorm\./.test(name) ? 1 : 0,
  };
};
