import { visionConfig } from "../../../models/families/code/sight.ts";
import { decoderLayer } from "../../../play/layers/decoder_layer.ts";
import type { LayerPlan } from "../../../play/layers/decoder_layer.ts";
import type { Machine } from "../../../play/torch/machine.ts";
import { adaptedLinear } from "../../../play/torch/ops/adapted_linear.ts";
import {
  add,
  expanded,
  join,
  multiply,
  savingOutput,
  shifted,
  slice,
} from "../../../play/torch/ops/arithmetic.ts";
import { embedding } from "../../../play/torch/ops/embedding.ts";
import type { Norm } from "../../../play/torch/ops/norms.ts";
import { norm } from "../../../play/torch/ops/norms.ts";
import type { Parameter, Value } from "../../../play/torch/values.ts";
import type { SightStage, Tower, TowerLayer } from "../../sight.ts";
import { patchConvolution } from "./patches.ts";
import { linearsOf } from "./projector.ts";
import type { KindSight, SightQuestion } from "./question.ts";
import { ALL_READ, NO_DROPOUT, visionNumber } from "./question.ts";

/** Rows of a tile are padded to a whole number of so many. */
const ROWS = 8;

/**
 * Llama 3.2 Vision's sight: always all tiles of an image in one row of the batch,
 * two transformers, and features of layers in between beside the last one's, which
 * layers of the decoder attend to. Its towers are no checkpoints.
 *
 * Source: huggingface/transformers 5.24.0 models/mllama/modeling_mllama.py
 */
export const mllamaSight: KindSight = (question) => {
  const { scenario, outside, stacks, images, seen } = question;
  const places = placesOf(question);
  const patches = patchConvolution(question, "patch_embedding");
  const local = stacks.find(({ path }) => /\.transformer\.layers$/.test(path));
  const global = stacks.find(({ path }) => /global_transformer/.test(path));
  const layerNorm = (end: string) =>
    outside.norm(
      outside.pathOf((name) => name.endsWith(`${end}.weight`)),
      "layer",
    );
  const before = layerNorm("layernorm_pre");
  const behind = layerNorm("layernorm_post");
  const [projection] = linearsOf(outside, "multi_modal_projector") ?? [];
  if (
    !places || !patches || !local || !global || !before || !behind ||
    !projection
  ) return null;
  const { width } = patches;
  const tiles = images * seen.tiles;
  const [down, across] = seen.grid;
  const count = down * across + 1;
  const padded = Math.ceil(count / ROWS) * ROWS;
  const rows = tiles * padded;
  const { train, precision } = scenario;
  // A product makes the mask: autocast's type.
  const maskDtype = precision.autocast ?? precision.weights;
  const tower: Tower = {
    batch: images,
    tokens: seen.tiles * padded,
    headWidth: width /
      visionNumber(question, ["attention_heads", "num_attention_heads"], 16),
    traits: {
      rotary: "none",
      activation: "kernel",
      dropout: NO_DROPOUT,
    },
    kernels: "eager",
    masked: true,
    biasDtype: maskDtype,
  };
  const layer = (at: TowerLayer, index: number, path: string): SightStage => ({
    key: `${path} ${at.key} ${index === 0 ? "first" : "later"}`,
    isLayer: false,
    // The encoder's code keeps what all of its layers gave.
    held: index > 0,
    run: (m, x) => decoderLayer(m, x, gated(at, tower), null),
  });
  const taken = takenLayers(question);
  const keys = taken.map((at) => `output of layer ${at}`);
  const perSample = train.images_per_sample * seen.tiles * count;
  return {
    sight: {
      pixels: patches.pixels(tiles * (count - 1)),
      enter: (m, pixels, lead, hold) =>
        m.call(() => {
          const made = patches.run(m, pixels, tiles * (count - 1));
          lead(made);
          const first = places.ofTiles(m, made, "pre_tile", images);
          m.drop(made);
          const token = expanded(m, m.parameter(places.token), tiles * width);
          const whole = join(m, [token, first], "patches with class token");
          m.drop(first);
          const placed = places.ofPatches(m, whole, images);
          m.drop(whole);
          const normed = norm(m, placed, tiles * count, before, "first norm");
          m.drop(placed);
          const out = withPadding(m, normed, rows * width);
          m.drop(normed);
          const side = seen.tiles * padded;
          const bias = m.create(
            images * side ** 2,
            maskDtype,
            "mask of tiles",
          );
          hold(bias);
          return out;
        }),
      stages: [
        ...local.layers.flatMap((at, index): SightStage[] => {
          const key = keys[taken.indexOf(index)];
          return [
            layer(at, index, local.path),
            ...key === undefined ? [] : [{
              key,
              isLayer: false,
              hands: true,
              handsBriefly: true,
              run: (m: Machine, x: Value) => m.view(x),
            }],
          ];
        }),
        {
          key: "between",
          isLayer: false,
          held: true,
          run: (m, x) =>
            m.call(() => {
              const normed = norm(m, x, rows, behind, "norm between");
              return places.ofTiles(m, normed, "post_tile", images);
            }),
        },
        ...global.layers.map((at, index) => layer(at, index, global.path)),
        {
          key: "ended",
          isLayer: false,
          reads: keys,
          run: (m, x, read) =>
            m.call(() => {
              const between = join(m, read, "features of layers");
              const cut = slice(
                m,
                between,
                read.length * tiles * count * width,
              );
              m.drop(between);
              const last = slice(m, x, tiles * count * width);
              return join(m, [last, cut], "features of all layers");
            }),
        },
        {
          key: "states",
          isLayer: false,
          hands: true,
          handsForLong: train.method === "full" ||
            train.checkpointing === "full",
          run: (m, x) => {
            m.giveBack(x);
            return adaptedLinear(m, x, tiles * count, projection);
          },
        },
      ],
      leads: true,
      readsSize: false,
      tokens: 0,
      others: images * seen.others,
      merge: null,
      crossed: {
        rows: perSample,
        mask: {
          elements: train.micro_batch * train.sequence_length * perSample,
          dtype: precision.weights,
        },
      },
    },
    unread: ALL_READ,
  };
};

/** Numbers of the layers whose outputs are read beside the last one's. */
function takenLayers({ config }: SightQuestion): readonly number[] {
  const given = visionConfig(config)["intermediate_layers_indices"];
  return Array.isArray(given)
    ? given.filter((at) => typeof at === "number")
    : [3, 7, 15, 23, 30];
}

function withPadding(m: Machine, x: Value, elements: number): Value {
  const node = m.record([x], [], () => [
    x.source && m.grad(null, x.elements, x.dtype, "gradient without padding"),
  ]);
  return m.create(
    elements,
    x.dtype,
    "rows with padding",
    node && { node, slot: 0 },
  );
}

/** A layer whose branches are multiplied by tanh of numbers that learn. */
function gated({ inside, planOf }: TowerLayer, tower: Tower): LayerPlan {
  const plan = planOf(tower);
  const gate = (name: string): Norm | null => {
    const weight = inside.parameter(name);
    return weight ? { kind: "gate", weight, bias: null } : null;
  };
  return {
    ...plan,
    norms: {
      ...plan.norms,
      afterAttention: gate("gate_attn"),
      afterMlp: gate("gate_ffn"),
    },
  };
}

/** Learned positions: of tiles by an image's shape, and of patches in them. */
function placesOf({ outside }: SightQuestion) {
  const parameter = (end: string) =>
    outside.parameter(outside.find((name) => name.endsWith(end)));
  const token = parameter("vision_model.class_embedding");
  const own = "gated_positional_embedding";
  const gate = parameter(`${own}.gate`);
  const table = parameter(`${own}.embedding`);
  const tiles = parameter(`${own}.tile_embedding.weight`);
  if (!token || !gate || !table || !tiles) return null;
  const looked = (m: Machine, from: Parameter, images: number, by: Value) =>
    m.call(() => {
      const ids = m.create(images, "int64", "shapes of images");
      const found = embedding(m, from, ids, images, "positions of tiles");
      return multiply(m, found, by, "gated positions of tiles");
    });
  return {
    token,
    ofTiles: (m: Machine, x: Value, place: string, images: number): Value =>
      m.call(() => {
        const from = parameter(
          `${place}_positional_embedding.embedding.weight`,
        );
        const by = parameter(`${place}_positional_embedding.gate`);
        if (!from || !by) return m.view(x);
        const bent = savingOutput(m, m.parameter(by), "gate");
        return add(m, x, looked(m, from, images, bent), "rows with tiles");
      }),
    ofPatches: (m: Machine, x: Value, images: number): Value =>
      m.call(() => {
        const bent = savingOutput(m, m.parameter(gate), "gate");
        const less = shifted(m, bent, "1 - gate");
        const one = multiply(m, less, m.parameter(table), "gated positions");
        const placed = add(m, x, one, "rows with positions");
        const again = savingOutput(m, m.parameter(gate), "gate");
        const more = looked(m, tiles, images, again);
        return add(m, placed, more, "rows with all positions");
      }),
  };
}
