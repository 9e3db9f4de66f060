import type { Model } from "../../models/model.ts";
import { APART } from "./converted.ts";
import type { ConvertedTensor } from "./converted_tensor.ts";
import { leastSure } from "../least_sure.ts";
import { layersAhead } from "./drafts.ts";
import type { FileType } from "./file_types.ts";
import type { GgufModel } from "./gguf_model.ts";
import { keptFormat } from "./kept_format.ts";

/** Tensors of unknown names that a note tells. */
const MAX_TOLD = 3;

/** Files whose first layers have other types when made with an importance matrix. */
const BY_MATRIX = new Set(["Q4_0", "Q5_0", "IQ4_NL", "IQ4_XS"]);

/** Files of a model in MXFP4 of which nothing is in doubt. */
const KEEPS_ALL = new Set(["MXFP4_MOE", "F32", "F16", "BF16"]);

/** What was taken for granted of a file, and how sure the rest is. */
export function notesOf(
  model: Model,
  file: FileType,
  converted: readonly ConvertedTensor[],
): { notes: string[]; basis: GgufModel["basis"] } {
  const unknown = converted.filter(({ isKnown }) => !isKnown);
  const isRequantized = keptFormat(model) === "mxfp4" &&
    !KEEPS_ALL.has(file.name);
  const doubts = [
    ...(isRequantized
      ? [
        `The experts stay in MXFP4, as they are published: llama-quantize makes ${file.name} of the rest alone`,
      ]
      : []),
    ...(file.note === null ? [] : [file.note]),
    ...(unknown.length === 0 ? [] : [
      `llama.cpp's names are not known for ${unknown.length} of the model's kinds of tensors, such as ${
        unknown.slice(0, MAX_TOLD).map(({ tensor }) => tensor.name).join(", ")
      }: they are taken to be quantised like the rest`,
    ]),
  ];
  const ahead = layersAhead(model);
  return {
    notes: [
      ...doubts,
      ...(BY_MATRIX.has(file.name)
        ? [
          `${file.name} is taken as made without an importance matrix; with one, the first eighth of ffn_down has another type`,
        ]
        : []),
      ...(ahead === 0 ? [] : [
        `The file has ${
          ahead === 1 ? "a layer" : `${ahead} layers`
        } to predict tokens ahead with, which llama.cpp loads for drafting alone`,
      ]),
      ...(model.tensors.some(({ piece }) => APART.has(piece))
        ? [
          "The vision or audio tower is not counted: llama.cpp has it in a file of its own, mmproj",
        ]
        : []),
    ],
    basis: leastSure(
      doubts.length === 0 ? "derived" : "assumed",
      model.parameters_basis,
    ),
  };
}
