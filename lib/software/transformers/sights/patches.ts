import type { PatchEntry } from "../../../play/layers/plain_sight.ts";
import type { Dtype } from "../../../play/torch/dtype.ts";
import type { Machine } from "../../../play/torch/machine.ts";
import {
  add,
  cast,
  mean,
  multiply,
} from "../../../play/torch/ops/arithmetic.ts";
import { convolution } from "../../../play/torch/ops/convolution.ts";
import { embedding } from "../../../play/torch/ops/embedding.ts";
import type { Parameter, Value } from "../../../play/torch/values.ts";
import type { Tensors } from "../../sight.ts";
import type { SightQuestion } from "./question.ts";

/** The convolution that makes rows of patches. */
export interface Patches {
  /** Features of a row. */
  readonly width: number;
  /** Pixels of so many patches, as the processor hands them in. */
  pixels(rows: number): Tensors;
  run(m: Machine, pixels: Value, rows: number): Value;
}

/** The convolution at the end of a path; null of a tower without it. */
export function patchConvolution(
  { outside }: SightQuestion,
  path: string,
): Patches | null {
  const found = outside.find((name, { piece }) =>
    piece === "vision_tower" && name.endsWith(`${path}.weight`)
  );
  const weight = outside.parameter(found);
  if (!weight || found === null) return null;
  const bias = outside.parameter(found.replace(/weight$/, "bias"));
  const [width = 1] = weight.shape;
  return {
    width,
    pixels: (rows) => ({
      elements: rows * weight.elements / width,
      dtype: FP32,
    }),
    run: (m, pixels, rows) =>
      m.call(() => {
        const own = cast(m, pixels, weight.dtype, "pixels in the tower's type");
        return convolution(m, own, rows, { name: "patches", weight, bias });
      }),
  };
}

/** Processors give pixels in fp32. */
const FP32: Dtype = "fp32";

/** Rows of the table that a patch's position lies between. */
const CORNERS = 4;

/**
 * Patches with positions between those of a table: four rows of it, by weights in
 * fp32.
 *
 * Source: huggingface/transformers 5.24.0 models/qwen3_vl/modeling_qwen3_vl.py,
 * Qwen3VLVisionModel; vision_utils.py, get_vision_interpolation_indices_and_weights
 */
export function withTableBetween(
  m: Machine,
  x: Value,
  table: Parameter,
  rows: number,
): Value {
  return m.call(() => {
    const places = m.create(CORNERS * rows, "int64", "places of corners");
    const shares = m.create(CORNERS * rows, "fp32", "weights of corners");
    const corners = embedding(m, table, places, CORNERS * rows, "corners");
    const weighed = multiply(m, corners, shares, "weighed corners");
    m.drop(corners);
    const width = table.shape[1] ?? 1;
    const summed = mean(m, weighed, rows * width, "positions in fp32");
    m.drop(weighed);
    const own = cast(m, summed, x.dtype, "positions");
    m.drop(summed);
    const out = add(m, x, own, "patches with positions");
    m.drop(x);
    return out;
  });
}

/** A tower's table of positions; null of one without it. */
export function towerPositions(
  outside: SightQuestion["outside"],
): Parameter | null {
  return outside.parameter(
    outside.find((name, { piece }) =>
      piece === "vision_tower" && name.endsWith("position_embedding.weight")
    ),
  );
}

/** What a tower of squares has before its layers. */
export interface SquareEntry {
  /** The end of the convolution's path. */
  readonly path: string;
  /** Squares of the batch, and patches of each. */
  readonly tiles: number;
  readonly patches: number;
  readonly classToken: boolean;
  readonly positions: PatchEntry["positions"];
  readonly preNorm?: PatchEntry["preNorm"];
}

/** What runs before the layers of a tower of squares; null of one without it. */
export function squareEntry(
  { outside }: SightQuestion,
  { path, tiles, patches, classToken, positions, preNorm = null }: SquareEntry,
): PatchEntry | null {
  const found = outside.find((name, { piece }) =>
    piece === "vision_tower" && name.endsWith(`${path}.weight`)
  );
  const weight = outside.parameter(found);
  if (!weight || found === null) return null;
  const [width = 1] = weight.shape;
  return {
    rows: tiles * (patches + (classToken ? 1 : 0)),
    width,
    pixels: {
      elements: tiles * patches * weight.elements / width,
      dtype: FP32,
    },
    patches: {
      weight,
      bias: outside.parameter(found.replace(/weight$/, "bias")),
      rows: tiles * patches,
    },
    positions,
    classToken,
    preNorm,
    dropout: 0,
  };
}
