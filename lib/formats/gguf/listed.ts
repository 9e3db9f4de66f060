import type { GgmlFile, GgmlTensor } from "../../models/headers/ggml_file.ts";
import type { LayerRange, Tensor } from "../../models/tensors/tensor.ts";
import { copiesOf } from "../../models/tensors/tensor.ts";
import type { GgufModel, GgufPlace, GgufWeight } from "./gguf_model.ts";
import { ggufNameOf } from "./names.ts";
import { sizedWeight } from "./sized_weight.ts";

/** Tables that llama.cpp computes when it converts a model. */
const TABLE = /^rope_(freqs|factors_(long|short))/;
const EXPERTS = /_exps\.|\.ffn_(gate|up|down)\.\d+\./;
/** What lies with the first layer, though it belongs to none. */
const FIRST: readonly LayerRange[] = [[0, 1, 1]];

/** A GGUF file as its header lists it: each tensor in the type that it has. */
export function listedGguf(file: GgmlFile): GgufModel {
  const weights = file.tensors.flatMap((tensor) => listed(tensor, file));
  const names = new Set(weights.map(({ name }) => name));
  return {
    type: file.type ?? "of its own types",
    weights,
    tied: !names.has("output.weight") && !names.has("token_types.weight"),
    bytes: weights.reduce(
      (sum, weight) => sum + weight.bytes * copiesOf(weight),
      0,
    ),
    basis: "exact",
    notes: [],
  };
}

function listed(tensor: GgmlTensor, file: GgmlFile): GgufWeight[] {
  const { draftsFrom } = file;
  const { layers } = tensor;
  if (draftsFrom === null || layers === null) return [weightOf(tensor, null)];
  const before = within(layers, 0, draftsFrom);
  const ahead = within(layers, draftsFrom, Infinity);
  return [
    ...(before.length > 0
      ? [weightOf({ ...tensor, layers: before }, null)]
      : []),
    ...(ahead.length > 0
      ? [weightOf({ ...tensor, layers: ahead }, "draft")]
      : []),
  ];
}

/** The layers of ranges from one on and before another. */
function within(
  layers: readonly LayerRange[],
  first: number,
  end: number,
): LayerRange[] {
  return layers.flatMap(([from, to, step]): LayerRange[] => {
    const skipped = Math.max(0, Math.ceil((first - from) / step));
    const start = from + skipped * step;
    return start < Math.min(to, end) ? [[start, Math.min(to, end), step]] : [];
  });
}

function weightOf(
  { name, shape, type, layers, each }: GgmlTensor,
  stated: GgufPlace | null,
): GgufWeight {
  const [row = 1, ...others] = shape;
  const rows = others.reduce((product, count) => product * count, 1) * each;
  const [, matrices = 1] = others;
  const place = stated ?? placeOf(name, layers);
  return sizedWeight(type, {
    name,
    tensor: pictured(name, shape, layers),
    place,
    layers: layers ?? (place === "layer" ? FIRST : null),
    expert: EXPERTS.test(name),
    row,
    rows,
    matrices: matrices * each,
  });
}

function placeOf(
  name: string,
  layers: readonly LayerRange[] | null,
): GgufPlace {
  if (TABLE.test(name)) return "table";
  return layers === null ? ggufNameOf(name).place : "layer";
}

/** A tensor as models have them, of what a file alone tells. */
function pictured(
  name: string,
  shape: readonly number[],
  layers: readonly LayerRange[] | null,
): Tensor {
  return {
    name,
    shape: [...shape].reverse(),
    role: "other",
    piece: "language_model",
    module: "parameter",
    layers,
    split: null,
    expert: EXPERTS.test(name),
    quantized: true,
    dtype: null,
  };
}
