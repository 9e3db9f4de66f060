import { ggmlTypeNamed } from "../../models/headers/ggml_types.ts";
import type { Model } from "../../models/model.ts";
import {
  numbersOf,
  rangesOfNumbers,
} from "../../models/tensors/layer_numbers.ts";
import { copiesOf } from "../../models/tensors/tensor.ts";
import type { GgufCategory } from "./categories.ts";
import { ggufCategoryOf, mayQuantize, staysSingle } from "./categories.ts";
import type { QuantizedModel } from "./choose_type.ts";
import { chosenType } from "./choose_type.ts";
import type { ConvertedTensor } from "./converted_tensor.ts";
import { convertedTensors } from "./converted.ts";
import type { FileType } from "./file_types.ts";
import { fittingType } from "./fitting_type.ts";
import type { GgufModel, GgufWeight } from "./gguf_model.ts";
import { keptFormat } from "./kept_format.ts";
import { notesOf } from "./notes.ts";
import { quantizedModel } from "./quantized_model.ts";
import { sizedWeight } from "./sized_weight.ts";

/** Types that the converter writes itself, without a mix. */
const CONVERTED = new Set(["F32", "F16", "BF16"]);

/** A layer of a tensor, where the file's order is asked. */
interface Standing {
  readonly at: number;
  readonly name: string;
  readonly layer: number;
}

/** A model as llama-quantize writes it in a file type. */
export function quantizedGguf(model: Model, file: FileType): GgufModel {
  const converted = convertedTensors(model);
  const isTied = !converted.some(({ name }) => name === "output.weight");
  const weights = CONVERTED.has(file.base)
    ? converted.map((tensor) => weightOf(tensor, plainType(tensor, file.base)))
    : mixed(converted, quantizedModel(model, file, { converted, isTied }), {
      keepsExperts: keptFormat(model) === "mxfp4",
    });
  return {
    type: file.name,
    weights,
    tied: isTied && !isEncoder(converted),
    bytes: weights.reduce(
      (sum, weight) => sum + weight.bytes * copiesOf(weight),
      0,
    ),
    ...notesOf(model, file, converted),
  };
}

/** Encoders have nothing that a tied embedding would be the output of. */
function isEncoder(converted: readonly ConvertedTensor[]): boolean {
  return converted.some(({ name }) => name === "token_types.weight");
}

/** Each tensor, in as many parts as its layers have types. */
function mixed(
  converted: readonly ConvertedTensor[],
  model: QuantizedModel,
  { keepsExperts }: { keepsExperts: boolean },
): GgufWeight[] {
  const categories = converted.map(({ name }) => ggufCategoryOf(name));
  const ranks = ranksOf(converted, categories);
  return converted.flatMap((tensor, at) => {
    const { name, row, matrices, dimensions, layers } = tensor;
    if (!mayQuantize(name, dimensions)) {
      return [weightOf(tensor, plainType(tensor, "F16"))];
    }
    // llama-quantize takes apart no tensor that is quantised already.
    if (keepsExperts && tensor.expert) return [weightOf(tensor, "MXFP4")];
    const category = categories[at] ?? "other";
    const typeAt = (layer: number): string => {
      const { rank, count } = ranks.of(at, layer);
      const chosen = chosenType(
        model,
        { category, row, isStack: matrices > 1, layer, rank, count },
        blockOf,
      );
      return fittingType(chosen, row, blockOf);
    };
    if (layers === null || !BY_LAYER.has(category)) {
      return [weightOf(tensor, typeAt(0))];
    }
    const byType = Map.groupBy(numbersOf(layers), typeAt);
    return [...byType].map(([type, numbers]) =>
      weightOf(
        byType.size === 1
          ? tensor
          : { ...tensor, layers: rangesOfNumbers(numbers) },
        type,
      )
    );
  });
}

/** Categories of which the layers may be unlike. */
const BY_LAYER = new Set<GgufCategory>([
  "attn_v",
  "ffn_down",
  "ffn_gate",
  "ffn_up",
]);

/** How many of its category stand before a layer's tensor in the file. */
function ranksOf(
  converted: readonly ConvertedTensor[],
  categories: readonly GgufCategory[],
): { of(at: number, layer: number): { rank: number; count: number } } {
  const ranks = new Map<string, number>();
  const counts = new Map<GgufCategory, number>();
  for (const category of BY_LAYER) {
    const standing: Standing[] = converted.flatMap(
      ({ name, layers, dimensions }, at) =>
        categories[at] === category && layers !== null &&
          mayQuantize(name, dimensions)
          ? numbersOf(layers).map((layer) => ({ at, name, layer }))
          : [],
    );
    standing.sort(byFileOrder);
    for (const [rank, { at, layer }] of standing.entries()) {
      ranks.set(`${at} ${layer}`, rank);
    }
    counts.set(category, standing.length);
  }
  return {
    of: (at, layer) => ({
      rank: ranks.get(`${at} ${layer}`) ?? 0,
      count: counts.get(categories[at] ?? "other") ?? 0,
    }),
  };
}

/** llama.cpp goes by layers, and within one by names; other stacks by names alone. */
function byFileOrder(a: Standing, b: Standing): number {
  if (a.name.startsWith("blk.") && b.name.startsWith("blk.")) {
    if (a.layer !== b.layer) return a.layer - b.layer;
  }
  const [one, other] = [a, b].map(({ name, layer }) =>
    name.replace(".N.", `.${layer}.`)
  ) as [string, string];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The type of a tensor that the converter writes and nobody quantises. */
function plainType(
  { name, dimensions }: ConvertedTensor,
  base: string,
): string {
  return staysSingle(name, dimensions) ? "F32" : base;
}

function blockOf(type: string): number {
  return ggmlTypeNamed(type).elements;
}

function weightOf(
  { name, tensor, place, layers, expert, row, rows, matrices }: ConvertedTensor,
  type: string,
): GgufWeight {
  return sizedWeight(ggmlTypeNamed(type), {
    name,
    tensor,
    place,
    layers,
    expert,
    row,
    rows,
    matrices,
  });
}
