import { ggmlTypeNamed } from "../../models/headers/ggml_types.ts";
import type { Model } from "../../models/model.ts";
import {
  numbersOf,
  rangesOfNumbers,
} from "../../models/tensors/layer_numbers.ts";
import { copiesOf } from "../../models/tensors/tensor.ts";
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
import { ranksInFile, unlikeLayers } from "./ranks.ts";
import { sizedWeight } from "./sized_weight.ts";

/** Types that the converter writes itself, without a mix. */
const CONVERTED = new Set(["F32", "F16", "BF16"]);

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
  const unlike = unlikeLayers(model.file);
  const ranks = ranksInFile(converted, categories, unlike);
  return converted.flatMap((tensor, at) => {
    const { name, row, matrices, dimensions, layers } = tensor;
    if (!mayQuantize(name, dimensions)) {
      return [weightOf(tensor, plainType(tensor, "F16"))];
    }
    // llama-quantize takes apart no tensor that is quantised already.
    if (keepsExperts && tensor.expert) return [weightOf(tensor, "MXFP4")];
    const category = categories[at] ?? "other";
    const typeAt = (layer: number): string => {
      const chosen = chosenType(
        model,
        {
          category,
          row,
          isStack: matrices > 1,
          layer,
          rank: ranks[at]?.of.get(layer) ?? 0,
          count: ranks[at]?.count ?? 0,
        },
        blockOf,
      );
      return fittingType(chosen, row, blockOf);
    };
    if (layers === null || !unlike.has(category)) {
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
