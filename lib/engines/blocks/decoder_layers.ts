import type { LayerPlan } from "../../play/layers/decoder_layer.ts";
import { decoderLayer } from "../../play/layers/decoder_layer.ts";
import type { Reading } from "../../play/record/encoders/shared.ts";
import { carrying, readShared } from "../../play/record/encoders/shared.ts";
import { GivenHeads, takerOf } from "../../play/record/handed_heads.ts";
import type { CrossingPlan } from "../../play/layers/crossing_layer.ts";
import { crossingLayer } from "../../play/layers/crossing_layer.ts";
import type { HandedFeatures } from "../../play/record/features.ts";
import type { EmbeddingPlan } from "../../play/record/embedding_plan.ts";
import type { EmbeddingBlock } from "../../play/record/outer_blocks.ts";
import type { LayerRun, StackLayer } from "../../play/record/record_stack.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import { slice } from "../../play/torch/ops/arithmetic.ts";
import type { Value } from "../../play/torch/values.ts";
import { asks } from "../../plan/givers.ts";
import { crossingOf } from "../../plan/crossing.ts";
import { isCrossing } from "../../plan/crossing_kind.ts";
import { layerPlanOf } from "../../plan/layer_plan.ts";
import { factsOfKind } from "../../plan/masks.ts";
import { rotaryWidthOf } from "../../plan/rotary_widths.ts";
import type { LayerKind } from "../../plan/stacks.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import { rotaryTableOf } from "./rotary_table.ts";

/** What stands before a decoder's layers. */
interface Before {
  readonly first: EmbeddingPlan;
  readonly embedding: EmbeddingBlock;
  readonly rotaryDtype: Dtype;
}

/** What a layer of a decoder runs, and how a block of it is told from others. */
interface DecoderRun extends Pick<StackLayer, "key" | "code"> {
  /** The layer's number. */
  readonly at: number;
}

/**
 * The layers of a decoder, each with what it hands to others or reads of them
 * beside hidden states: keys and values, and inputs that tokens have for it. Layers
 * that attend to features are passed by where there are none.
 *
 * @param states Features of images; null of a step without images.
 */
export function decoderLayers(
  plan: Pick<StepPlan, "facts" | "stack" | "windows" | "modulesOf">,
  before: Before,
  states: CrossedStates | null = null,
): DecoderRun[] {
  const { layers, kinds } = plan.stack;
  const lastCrossing = layers.findLastIndex((kind) => crossingOf(plan, kind));
  const given = new Map(
    kinds.filter(({ gives }) => gives).map((kind) => {
      const name = groupOf(kind);
      return [name, new GivenHeads(name)];
    }),
  );
  const lastAsking = new Map(
    layers.flatMap((kind, at): [string, number][] =>
      asks(kind) ? [[groupOf(kind), at]] : []
    ),
  );
  return layers.flatMap((kind, at): DecoderRun | DecoderRun[] => {
    if (states === null && isCrossing(kind)) return [];
    const crossing = states && crossingOf(plan, kind);
    if (crossing) {
      return {
        at,
        ...crossingRun(kind, crossing, states, at < lastCrossing),
      };
    }
    const group = groupOf(kind);
    const takes = given.size > 0 && asks(kind);
    const isBegun = at < layers.length - 1;
    const isAsked = takes && lastAsking.get(group) !== at;
    const reads = before.embedding.layerInputs !== null;
    return {
      at,
      key: `${kind.id}${reads && !isBegun ? " last" : ""}${
        isAsked ? " asked" : ""
      }`,
      code: () =>
        runOf(plan, before, kind, {
          gives: kind.gives ? given.get(group) ?? null : null,
          takes: takes ? given.get(group) ?? null : null,
          isAsked,
          isBegun,
        }),
    };
  });
}

/** Features that some layers attend to, and how many rows of each sample. */
export interface CrossedStates {
  readonly handed: HandedFeatures;
  readonly rows: number;
}

/** A layer that attends to features; the last of them begins their gradient. */
function crossingRun(
  kind: LayerKind,
  crossing: Omit<CrossingPlan, "keys">,
  { handed, rows }: CrossedStates,
  isBegun: boolean,
): Pick<StackLayer, "key" | "code"> {
  let reading: Reading | null = null;
  return {
    key: `${kind.id} ${isBegun ? "asked" : "last"}`,
    code: () => ({
      run: (m, x) => {
        reading = readShared(m, {
          ...handed,
          part: "vision activations",
          gradient: "gradient of image features",
        }, isBegun);
        reading.value.held = false;
        return crossingLayer(m, x, reading.value, { ...crossing, keys: rows });
      },
      finish: (block) =>
        carrying(block, reading?.shared.needsGrad ? [reading] : []),
    }),
  };
}

/** Elements of hidden states between layers, of all streams. */
export function hiddenElements(
  { rows, hidden, streams = [] }: EmbeddingPlan,
): number {
  return rows * hidden * (1 + streams.length);
}

/** Layers with a window share keys and values among themselves. */
function groupOf({ sliding }: LayerKind): string {
  return sliding ? "layers with a window" : "layers without a window";
}

/** What a layer has to do with others beside hidden states. */
interface Links {
  readonly gives: GivenHeads | null;
  readonly takes: GivenHeads | null;
  /** Whether a later layer asks for the same keys and values. */
  readonly isAsked: boolean;
  /** Whether a later layer reads its inputs out of the same tensor. */
  readonly isBegun: boolean;
}

function runOf(
  { facts, windows, modulesOf }: Pick<
    StepPlan,
    "facts" | "windows" | "modulesOf"
  >,
  { first, embedding, rotaryDtype }: Before,
  kind: LayerKind,
  { gives, takes, isAsked, isBegun }: Links,
): LayerRun {
  const planned = layerPlanOf(
    modulesOf(kind),
    factsOfKind(facts, kind, windows),
  );
  const width = planned.ownInputs?.gate.out ?? 0;
  let heads: readonly Reading[] = [];
  let inputs: Reading | null = null;
  const layer = handing(
    planned,
    gives,
    takes && takerOf(takes.shared(), isAsked, (readings) => heads = readings),
  );
  const own = (m: Machine): Value | null => {
    const { layerInputs } = embedding;
    if (layerInputs === null || width === 0) return null;
    inputs = readShared(m, layerInputs, isBegun);
    return slice(m, inputs.value, first.rows * width);
  };
  const rotaryWidth = rotaryWidthOf(facts, kind);
  return {
    run: (m, x) =>
      decoderLayer(
        m,
        x,
        layer,
        rotaryTableOf(
          m,
          { rotaryRows: first.rotaryRows, rotaryWidth },
          rotaryDtype,
        ),
        own(m),
      ),
    finish: (block) =>
      carrying(
        block,
        [...heads, ...inputs ? [inputs] : []].filter(({ shared }) =>
          shared.needsGrad
        ),
        gives?.carried(),
      ),
    ...gives
      ? {
        results: (m: Machine) => gives.results(m),
        release: (m: Machine) => gives.release(m),
      }
      : {},
  };
}

/** The layer's plan with what its attention hands on or reads. */
function handing(
  layer: LayerPlan,
  gives: GivenHeads | null,
  takes: ReturnType<typeof takerOf> | null,
): LayerPlan {
  const { attention } = layer;
  if (!attention || "kvDown" in attention) return layer;
  return {
    ...layer,
    attention: { ...attention, gives: gives?.give ?? null, takes },
  };
}
