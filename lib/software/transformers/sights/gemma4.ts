import { visionConfig } from "../../../models/families/code/sight.ts";
import type { HeadMaker } from "../../../play/layers/attention_plan.ts";
import type { LayerPlan } from "../../../play/layers/decoder_layer.ts";
import { decoderLayer } from "../../../play/layers/decoder_layer.ts";
import type { Machine } from "../../../play/torch/machine.ts";
import type { AdaptedLinear } from "../../../play/torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../../../play/torch/ops/adapted_linear.ts";
import {
  add,
  cast,
  scaled,
  shifted,
  slice,
} from "../../../play/torch/ops/arithmetic.ts";
import { gathered } from "../../../play/torch/ops/gather.ts";
import { masked } from "../../../play/torch/ops/masked.ts";
import { norm } from "../../../play/torch/ops/norms.ts";
import { rotatedByAxes } from "../../../play/torch/ops/rotary.ts";
import type { Parameter, Value } from "../../../play/torch/values.ts";
import type { SightStage, Tower } from "../../sight.ts";
import { transformersHeads } from "../heads.ts";
import { pooledByPlaces } from "./pooler.ts";
import { joinedFeatures, linearsOf } from "./projector.ts";
import type { KindSight } from "./question.ts";
import {
  ALL_READ,
  NO_DROPOUT,
  standingTable,
  towerActivation,
  visionNumber,
} from "./question.ts";

/**
 * Gemma 4's tower: as many patches of each image, padding among them, through the
 * decoder's own kind of layers, and averages of squares of them.
 *
 * Source: huggingface/transformers 5.24.0 models/gemma4/modeling_gemma4.py
 */
export const gemma4Sight: KindSight = (question) => {
  const { outside, stacks, images, seen, config } = question;
  const [stack] = stacks;
  const [patches] = linearsOf(outside, "patch_embedder.input_proj") ?? [];
  const [projection] =
    linearsOf(outside, "embed_vision.embedding_projection") ??
      [];
  const table = outside.parameter(
    outside.find((name) => name.endsWith("position_embedding_table")),
  );
  if (!stack || !patches || !projection || !table) return null;
  const [count] = seen.grid;
  const rows = images * count;
  const width = patches.out;
  const headWidth = visionNumber(question, ["head_dim"], 64);
  const tower: Tower = {
    batch: images,
    tokens: count,
    headWidth,
    traits: {
      norm: "powered",
      arrangement: "sandwich",
      rotary: "whole",
      activation: towerActivation(
        question,
        "gelu_pytorch_tanh",
        "hidden_activation",
      ),
      dropout: NO_DROPOUT,
    },
    attention: { normsValues: true },
    masked: true,
    kernels: "eager",
  };
  const clips = visionConfig(config)["use_clipped_linears"] === true;
  const tableOf = standingTable(rows, headWidth, null);
  const pools = visionNumber(question, ["pooling_kernel_size"], 3) ** 2;
  const tokens = images * seen.tokens;
  return {
    sight: {
      pixels: { elements: rows * patches.in, dtype: "fp32" },
      enter: (m, pixels, _lead, hold) =>
        m.call(() => {
          const less = shifted(m, pixels, "pixels about nought");
          const spread = scaled(m, less, "scaled pixels");
          m.drop(less);
          const dtype = "trains" in patches.weight
            ? patches.weight.dtype
            : spread.dtype;
          const own = cast(m, spread, dtype, "pixels in the tower's type");
          m.drop(spread);
          const made = adaptedLinear(m, own, rows, patches);
          m.drop(own);
          const places = positions(m, table, rows);
          const out = add(m, made, places, "patches with positions");
          m.drop(made, places);
          // All layers read one mask of patches that are padding.
          hold(m.create(rows * count, "uint8", "mask of patches"));
          return out;
        }),
      stages: [
        ...stack.layers.map(({ key, planOf }): SightStage => ({
          key,
          isLayer: true,
          run: (m, x) =>
            decoderLayer(m, x, ownLayer(planOf(tower), clips), tableOf(m, x)),
        })),
        {
          key: "pooler",
          isLayer: false,
          run: (m, x) => {
            const features = m.call(() => {
              const seenOnes = pooledByPlaces(m, x, {
                rows,
                count,
                pooled: count / pools,
                tokens,
                width,
              });
              m.giveBack(seenOnes);
              const normed = norm(
                m,
                seenOnes,
                tokens,
                { kind: "powered", weight: null, bias: null },
                "norm of features",
              );
              m.drop(seenOnes);
              return adaptedLinear(m, normed, tokens, projection);
            });
            const joined = joinedFeatures(m, features);
            // A check reads the embeddings that features replace.
            m.drop(
              m.create(3 * joined.elements, "int64", "places of features"),
              m.create(joined.elements, joined.dtype, "embeddings replaced"),
            );
            return joined;
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

/** Positions across and down, each a row of a table of its own, added up. */
function positions(m: Machine, table: Parameter, rows: number): Value {
  return m.call(() => {
    const [axes = 2, , width = 1] = table.shape;
    const each = Array.from({ length: axes }, () =>
      m.call(() => {
        const own = slice(m, m.parameter(table), table.elements / axes);
        return gathered(m, own, rows * width, rows, "positions of an axis");
      }));
    const [first, second] = each as [Value, Value];
    const sum = add(m, first, second, "positions");
    m.drop(first, second);
    const padding = m.create(rows, "uint8", "padding among patches");
    return masked(m, sum, padding, "positions of patches");
  });
}

/** The layer with heads that are turned by each axis apart, and its linears. */
function ownLayer(plan: LayerPlan, clips: boolean): LayerPlan {
  const { attention, mlp } = plan;
  if (!attention || !("makeHeads" in attention) || !mlp || !("up" in mlp)) {
    return plan;
  }
  const { projections, o } = attention;
  const { gate } = mlp;
  const own = (layer: AdaptedLinear): AdaptedLinear => ({ ...layer, clips });
  return {
    ...plan,
    attention: {
      ...attention,
      makeHeads: headsByAxes,
      o: own(o),
      projections: "q" in projections
        ? {
          q: own(projections.q),
          k: own(projections.k),
          v: own(projections.v),
        }
        : projections,
    },
    mlp: {
      ...mlp,
      up: own(mlp.up),
      down: own(mlp.down),
      gate: gate && gate !== "fused" ? own(gate) : gate,
    },
  };
}

/** Axes of an image. */
const AXES = 2;

const headsByAxes: HeadMaker = (m, x, plan, table) => {
  const made = transformersHeads(m, x, { ...plan, rotary: "none" }, null);
  if (!table) return made;
  const [q, k, v] = made.heads;
  const turned = [q, k].map((head, at) =>
    rotatedByAxes(m, head, table, AXES, at === 0 ? "queries" : "keys")
  );
  m.drop(q, k);
  const [queries = q, keys = k] = turned;
  return { ...made, heads: [queries, keys, v] };
};
