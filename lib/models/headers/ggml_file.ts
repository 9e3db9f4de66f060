import { MAX_KINDS } from "../tensors/limits.ts";
import type { LayerRange } from "../tensors/tensor.ts";
import type { GgmlType } from "./ggml_types.ts";
import { ggmlType } from "./ggml_types.ts";
import type { GgufHeader, GgufTensor } from "./gguf_header.ts";
import { placeNames } from "./layer_names.ts";
import { rangesOf } from "./layer_ranges.ts";
import { TooManyKinds } from "./too_many_kinds.ts";

/** A tensor of a GGUF file, one entry for all layers that have it alike. */
export interface GgmlTensor {
  /** With N for the number of the layer: "blk.N.attn_q.weight". */
  readonly name: string;
  /** In ggml's order: a row's elements first. */
  readonly shape: readonly number[];
  readonly type: GgmlType;
  readonly layers: readonly LayerRange[] | null;
  /** How many a layer has: experts that old files hold one by one, else 1. */
  readonly each: number;
}

/** What a GGUF file holds, as it is stored. */
export interface GgmlFile {
  /** The file type that its header states, such as "Q4_K_M"; null for none known. */
  readonly type: string | null;
  readonly tensors: readonly GgmlTensor[];
  /** The first layer that predicts tokens ahead; null where there is none. */
  readonly draftsFrom: number | null;
}

/**
 * Names of file types by `general.file_type`.
 *
 * Source: ggml-org/llama.cpp gguf-py/gguf/constants.py, LlamaFileType.
 */
const FILE_TYPES: Readonly<Record<number, string>> = {
  0: "F32",
  1: "F16",
  2: "Q4_0",
  3: "Q4_1",
  7: "Q8_0",
  8: "Q5_0",
  9: "Q5_1",
  10: "Q2_K",
  11: "Q3_K_S",
  12: "Q3_K_M",
  13: "Q3_K_L",
  14: "Q4_K_S",
  15: "Q4_K_M",
  16: "Q5_K_S",
  17: "Q5_K_M",
  18: "Q6_K",
  19: "IQ2_XXS",
  20: "IQ2_XS",
  21: "Q2_K_S",
  22: "IQ3_XS",
  23: "IQ3_XXS",
  24: "IQ1_S",
  25: "IQ4_NL",
  26: "IQ3_S",
  27: "IQ3_M",
  28: "IQ2_S",
  29: "IQ2_M",
  30: "IQ4_XS",
  31: "IQ1_M",
  32: "BF16",
  36: "TQ1_0",
  37: "TQ2_0",
  38: "MXFP4_MOE",
  39: "NVFP4",
  40: "Q1_0",
};

/** Layers of one kind of tensor, and how many each has. */
interface Kind {
  readonly name: string;
  readonly sample: GgufTensor;
  readonly type: GgmlType;
  readonly layers: Map<number | null, number>;
}

/**
 * The tensors of a GGUF file with their types; those of unknown types are left
 * out.
 *
 * @throws {TooManyKinds} When they are of more kinds than any model has.
 */
export function ggmlFileOf({ metadata, tensors }: GgufHeader): GgmlFile {
  const places = placeNames(tensors.map(({ name }) => name));
  const kinds = new Map<string, Kind>();
  for (const [at, sample] of tensors.entries()) {
    const type = ggmlType(sample.type);
    if (!type) continue;
    const { name = sample.name, layer = null } = places[at] ?? {};
    const key = `${name} ${sample.shape} ${sample.type}`;
    let kind = kinds.get(key);
    if (kind === undefined) {
      kind = { name, sample, type, layers: new Map() };
      kinds.set(key, kind);
      if (kinds.size > MAX_KINDS) {
        throw new TooManyKinds("by name, shape and type");
      }
    }
    kind.layers.set(layer, (kind.layers.get(layer) ?? 0) + 1);
  }
  const stated = metadata["general.file_type"];
  return {
    type: typeof stated === "number" ? FILE_TYPES[stated] ?? null : null,
    tensors: [...kinds.values()].flatMap(tensorsOf),
    draftsFrom: draftsFrom(metadata),
  };
}

/** Layers that predict tokens ahead are a model's last ones. */
function draftsFrom(metadata: GgufHeader["metadata"]): number | null {
  const architecture = metadata["general.architecture"];
  const layers = metadata[`${architecture}.block_count`];
  const ahead = metadata[`${architecture}.nextn_predict_layers`];
  return typeof layers === "number" && typeof ahead === "number" && ahead > 0
    ? layers - ahead
    : null;
}

function tensorsOf({ name, sample, type, layers }: Kind): GgmlTensor[] {
  const { shape } = sample;
  return [...Map.groupBy(layers, ([, each]) => each)].flatMap(
    ([each, entries]) => {
      const numbers = entries.map(([layer]) => layer);
      const stacked = numbers.filter((layer) => layer !== null);
      const tensor = { name, shape, type, each };
      return [
        ...(numbers.includes(null) ? [{ ...tensor, layers: null }] : []),
        ...(stacked.length > 0
          ? [{ ...tensor, layers: rangesOf(stacked) }]
          : []),
      ];
    },
  );
}
