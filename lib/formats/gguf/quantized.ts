import { ggmlTypeNamed } from "../../models/headers/ggml_types.ts";
import type { Model } from "../../models/model.ts";
import {
  holdsLayer,
  numbersOf,
  rangesOfNumbers,
} from "../../models/tensors/layer_numbers.ts";
import { copiesOf } from "../../models/tensors/tensor.ts";
import type { GgufCategory } from "./categories.ts";
import { ggufCategoryOf, mayQuantize, staysSingle } from "./categories.ts";
import type { QuantizedModel } from "./choose_type.ts";
import { chosenType } from "./choose_type.ts";
import type { ConvertedTensor } from "./converted.ts";
import { convertedTensors } from "./converted.ts";
import type { FileType } from "./file_types.ts";
import { fittingType } from "./fitting_type.ts";
import type { GgufModel, GgufWeight } from "./gguf_model.ts";
import { deviceBytes, hostBytes, rowBytes } from "./sizes.ts";

/** Types that the converter writes itself, without a mix. */
const CONVERTED = new Set(["F32", "F16", "BF16"]);

/** Files that llama-quantize makes with an importance matrix alone. */
const NEEDS_MATRIX = new Set([
  "IQ1_S",
  "IQ1_M",
  "IQ2_XXS",
  "IQ2_XS",
  "IQ2_S",
  "IQ2_M",
  "IQ3_XXS",
  "Q2_K_S",
]);

/** What a layer with attention has; its converter writes no key heads for others. */
const KEYS = new Set(["blk.N.attn_k.weight", "blk.N.attn_qkv.weight"]);

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
    : mixed(converted, described(model, file, { converted, isTied }));
  return {
    type: file.name,
    weights,
    tied: isTied && !isEncoder(converted),
    bytes: weights.reduce(
      (sum, weight) => sum + weight.bytes * copiesOf(weight),
      0,
    ),
    basis: file.note === null ? "derived" : "assumed",
    notes: file.note === null ? [] : [file.note],
  };
}

/** Encoders have nothing that a tied embedding would be the output of. */
function isEncoder(converted: readonly ConvertedTensor[]): boolean {
  return converted.some(({ name }) => name === "token_types.weight");
}

function described(
  { architecture }: Model,
  file: FileType,
  { converted, isTied }: {
    converted: readonly ConvertedTensor[];
    isTied: boolean;
  },
): QuantizedModel {
  const { type, layers, attention_heads, kv_heads, experts } = architecture;
  const attends = converted.some(({ name, layers }) =>
    KEYS.has(name) && layers !== null && holdsLayer(layers, 0)
  );
  return {
    file,
    experts,
    grouped: attends && kv_heads > 0
      ? Math.floor(attention_heads / kv_heads)
      : 0,
    layers,
    isFalcon: type === "falcon",
    is70b: layers === 80 && attention_heads !== kv_heads,
    isTied,
    hasMatrix: NEEDS_MATRIX.has(file.name),
  };
}

/** Each tensor, in as many parts as its layers have types. */
function mixed(
  converted: readonly ConvertedTensor[],
  model: QuantizedModel,
): GgufWeight[] {
  const categories = converted.map(({ name }) => ggufCategoryOf(name));
  const ranks = ranksOf(converted, categories);
  return converted.flatMap((tensor, at) => {
    const { name, row, matrices, dimensions, layers } = tensor;
    if (!mayQuantize(name, dimensions)) {
      return [weightOf(tensor, plainType(tensor, "F16"))];
    }
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
    standing.sort((a, b) =>
      a.layer - b.layer || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
    );
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
  typeName: string,
): GgufWeight {
  const type = ggmlTypeNamed(typeName);
  const size = { row, rows };
  return {
    name,
    tensor,
    place,
    layers,
    expert,
    type,
    row,
    rows,
    matrices,
    bytes: rowBytes(type, size),
    deviceBytes: deviceBytes(type, size),
    hostBytes: hostBytes(type, size),
  };
}
