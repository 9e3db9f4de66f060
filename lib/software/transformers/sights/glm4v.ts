import { activated } from "../../../play/layers/mlp_layer.ts";
import type { Machine } from "../../../play/torch/machine.ts";
import { activation } from "../../../play/torch/ops/activations.ts";
import { adaptedLinear } from "../../../play/torch/ops/adapted_linear.ts";
import { add, cast } from "../../../play/torch/ops/arithmetic.ts";
import { convolution } from "../../../play/torch/ops/convolution.ts";
import { norm } from "../../../play/torch/ops/norms.ts";
import { sampledBetween } from "../../../play/torch/ops/sampled.ts";
import type { Parameter, Value } from "../../../play/torch/values.ts";
import { patchConvolution } from "./patches.ts";
import { joinedFeatures, linearsOf } from "./projector.ts";
import type { KindSight, SightQuestion } from "./question.ts";
import {
  ALL_READ,
  layerStages,
  NO_DROPOUT,
  standingTable,
  towerActivation,
  visionNumber,
} from "./question.ts";

/**
 * GLM-4V's tower: Qwen's blocks with a gated MLP, positions sampled from a table in
 * fp32, and a convolution that merges patches before a gated MLP. GLM-OCR's has
 * neither that table nor a norm before it.
 *
 * Source: huggingface/transformers 5.24.0 models/glm4v/modeling_glm4v.py,
 * models/glm46v/modeling_glm46v.py, models/glm_ocr/modeling_glm_ocr.py
 */
export const glm4vSight: KindSight = (question) => {
  const { outside, stacks, images, seen } = question;
  const patches = patchConvolution(question, "patch_embed.proj");
  const [stack] = stacks;
  const table = outside.parameter(
    outside.find((name) =>
      name.endsWith("visual.embeddings.position_embedding.weight")
    ),
  );
  const named = (end: string) =>
    outside.norm(outside.pathOf((name) => name.endsWith(end)), "rms");
  const first = named("post_conv_layernorm.weight");
  const last = named("visual.post_layernorm.weight");
  const merger = mergerOf(question);
  if (!patches || !stack || !last || !merger) return null;
  const [down, across] = seen.grid;
  const rows = images * down * across;
  const tokens = images * seen.tokens;
  const width = patches.width / visionNumber(question, ["num_heads"], 12);
  return {
    sight: {
      pixels: patches.pixels(rows),
      enter: (m, pixels) =>
        m.call(() => {
          const made = patches.run(m, pixels, rows);
          if (!first || !table) return made;
          const normed = norm(m, made, rows, first, "norm of patches");
          m.drop(made);
          return placed(m, normed, table);
        }),
      stages: [
        ...layerStages(stack, {
          batch: images,
          tokens: rows / images,
          headWidth: width,
          traits: {
            norm: "rms",
            rotary: "whole",
            wideRotary: true,
            activation: towerActivation(question, "silu"),
            dropout: NO_DROPOUT,
          },
          kernels: "eager",
          joins: true,
        }, standingTable(rows, width, "fp32")),
        {
          key: "merger",
          isLayer: false,
          run: (m, x) =>
            joinedFeatures(
              m,
              m.call(() => {
                const normed = norm(m, x, rows, last, "tower norm");
                return merger(m, normed, tokens);
              }),
            ),
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

/** Patches with positions that are sampled from a table in fp32. */
function placed(m: Machine, x: Value, table: Parameter): Value {
  return m.call(() => {
    const own = m.parameter(table);
    const wide = cast(m, own, "fp32", "table of positions in fp32");
    const sampled = sampledBetween(m, wide, x.elements, "sampled positions");
    m.drop(wide);
    const narrow = cast(m, sampled, table.dtype, "positions");
    const out = add(m, x, narrow, "patches with positions");
    m.drop(x);
    return out;
  });
}

/** The convolution over squares of patches, and the merger behind it. */
function mergerOf({ outside }: SightQuestion) {
  const weight = outside.parameter(
    outside.find((name) => name.endsWith("downsample.weight")),
  );
  const bias = outside.parameter(
    outside.find((name) => name.endsWith("downsample.bias")),
  );
  const linears = linearsOf(
    outside,
    "merger.proj",
    "merger.gate_proj",
    "merger.up_proj",
    "merger.down_proj",
  );
  const own = outside.norm(
    outside.pathOf((name) => name.endsWith("post_projection_norm.weight")),
    "layer",
  );
  if (!weight || !linears || !own) return null;
  const [projection, gate, up, down] = linears;
  if (!projection || !gate || !up || !down) return null;
  return (m: Machine, x: Value, tokens: number): Value =>
    m.call(() => {
      const merged = convolution(m, x, tokens, {
        name: "merged patches",
        weight,
        bias,
      });
      m.drop(x);
      m.giveBack(merged);
      const wide = adaptedLinear(m, merged, tokens, projection);
      const normed = norm(m, wide, tokens, own, "merger norm");
      m.drop(wide);
      const active = activation(m, normed, "kernel", "merger");
      m.drop(normed);
      const inner = activated(m, active, tokens, {
        gate,
        up,
        down,
        activation: "kernel",
        compiled: false,
        upFirst: false,
      });
      return adaptedLinear(m, inner, tokens, down);
    });
}
