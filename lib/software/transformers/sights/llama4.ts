import { decoderLayer } from "../../../play/layers/decoder_layer.ts";
import type { LayerPlan } from "../../../play/layers/decoder_layer.ts";
import { activation } from "../../../play/torch/ops/activations.ts";
import { adaptedLinear } from "../../../play/torch/ops/adapted_linear.ts";
import {
  add,
  cast,
  copied,
  expanded,
  join,
  slice,
} from "../../../play/torch/ops/arithmetic.ts";
import { norm } from "../../../play/torch/ops/norms.ts";
import type { SightStage, Tower } from "../../sight.ts";
import { linearsInTurn, linearsOf } from "./projector.ts";
import type { KindSight } from "./question.ts";
import {
  ALL_READ,
  NO_DROPOUT,
  standingTable,
  visionNumber,
} from "./question.ts";

/**
 * Llama 4's tower: tiles unfolded into patches, a class token behind them, heads
 * turned as complex numbers, and an adapter of shuffled patches.
 *
 * Source: huggingface/transformers 5.24.0 models/llama4/modeling_llama4.py
 */
export const llama4Sight: KindSight = (question) => {
  const { scenario, outside, stacks, images, seen } = question;
  const parameter = (end: string) =>
    outside.parameter(outside.find((name) => name.endsWith(end)));
  const layerNorm = (end: string) =>
    outside.norm(
      outside.pathOf((name) => name.endsWith(`${end}.weight`)),
      "layer",
    );
  const [stack] = stacks;
  const [patches] = linearsOf(outside, "patch_embedding.linear") ?? [];
  const token = parameter("vision_model.class_embedding");
  const positions = parameter("positional_embedding_vlm");
  const before = layerNorm("layernorm_pre");
  const behind = layerNorm("layernorm_post");
  const linears = linearsOf(
    outside,
    "vision_adapter.mlp.fc1",
    "vision_adapter.mlp.fc2",
  );
  const projection = linearsOf(outside, "multi_modal_projector.linear_1");
  if (
    !stack || !patches || !token || !positions || !before || !behind ||
    !linears || !projection
  ) return null;
  const tiles = images * seen.tiles;
  const [down, across] = seen.grid;
  const count = down * across;
  const rows = tiles * (count + 1);
  const width = patches.out;
  const heads = visionNumber(question, ["num_attention_heads"], 16);
  const tower: Tower = {
    batch: tiles,
    tokens: count + 1,
    headWidth: width / heads,
    traits: {
      rotary: "whole",
      wideRotary: true,
      activation: "kernel",
      dropout: NO_DROPOUT,
    },
    kernels: "eager",
  };
  const tableOf = standingTable(rows, width / heads, "fp32");
  const tokens = images * seen.tokens;
  const { autocast, weights } = scenario.precision;
  return {
    sight: {
      pixels: {
        elements: tiles * count * patches.in,
        // Its code does not cast them: a trainer has to hand in the weights' type.
        dtype: autocast ? "fp32" : weights,
      },
      enter: (m, pixels, lead) =>
        m.call(() => {
          const unfolded = copied(m, pixels, "unfolded tiles");
          const turned = copied(m, unfolded, "patches");
          m.drop(unfolded);
          const made = adaptedLinear(m, turned, tiles * count, patches);
          m.drop(turned);
          lead(made);
          const ends = expanded(m, m.parameter(token), tiles * width);
          const whole = join(m, [made, ends], "patches with class token");
          m.drop(made);
          const table = m.parameter(positions);
          const own = cast(m, table, whole.dtype, "positions");
          const placed = add(m, whole, own, "patches with positions");
          m.drop(whole, own);
          const out = norm(m, placed, rows, before, "norm before the tower");
          m.drop(placed);
          return out;
        }),
      stages: [
        ...stack.layers.map(({ key, planOf }): SightStage => ({
          key,
          isLayer: true,
          run: (m, x) =>
            decoderLayer(m, x, turnedAtOnce(planOf(tower)), tableOf(m, x)),
        })),
        {
          key: "adapter",
          isLayer: false,
          run: (m, x) =>
            m.call(() => {
              const normed = norm(m, x, rows, behind, "tower norm");
              const cut = slice(m, normed, tiles * count * width);
              m.drop(normed);
              const turned = copied(m, cut, "shuffled patches");
              m.drop(cut);
              const shuffled = copied(m, turned, "shuffled patches");
              m.drop(turned);
              const made = linearsInTurn(m, shuffled, tokens, linears);
              m.drop(shuffled);
              const adapted = activation(m, made, "kernel", "adapter");
              m.drop(made);
              m.giveBack(adapted);
              return linearsInTurn(m, adapted, tokens, projection);
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

/** Heads as complex numbers are turned by one product, which saves the table alone. */
function turnedAtOnce(plan: LayerPlan): LayerPlan {
  const { attention } = plan;
  return attention && "kernels" in attention
    ? { ...plan, attention: { ...attention, kernels: "compile" } }
    : plan;
}
