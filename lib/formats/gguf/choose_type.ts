import type { GgufCategory } from "./categories.ts";
import type { FileType } from "./file_types.ts";

/** What llama-quantize knows of a model when it chooses a tensor's type. */
export interface QuantizedModel {
  readonly file: FileType;
  /** Routed experts; 0 for a dense model. */
  readonly experts: number;
  /** Query heads of a key head in the first layer; 0 where it has none. */
  readonly grouped: number;
  readonly layers: number;
  readonly isFalcon: boolean;
  /** Whether llama.cpp takes it for a "70B": 80 layers, grouped heads. */
  readonly is70b: boolean;
  /** Whether the file has no tensor for the output. */
  readonly isTied: boolean;
  /** Whether an importance matrix is given. */
  readonly hasMatrix: boolean;
}

/** A tensor of which the type is asked. */
export interface QuantizedTensor {
  readonly category: GgufCategory;
  /** Elements of a row. */
  readonly row: number;
  /** Whether it is a stack of matrices: ggml's ne[2] above 1. */
  readonly isStack: boolean;
  /** The number of its layer; of tensors without, 0. */
  readonly layer: number;
  /** How many of its category come before it in the file, and how many there are. */
  readonly rank: number;
  readonly count: number;
}

/** Types of files below three bits, which go by rules of their own. */
const LOW = new Set([
  "IQ1_S",
  "IQ1_M",
  "IQ2_XXS",
  "IQ2_XS",
  "IQ2_S",
  "IQ2_M",
]);

/** Of those, the two that are nearest to three. */
const UPPER_LOW = new Set(["IQ2_S", "IQ2_M"]);

/** The layers of which a mix spends more: the first, the last, and each third. */
function isFavoured(at: number, count: number): boolean {
  const eighth = Math.floor(count / 8);
  return at < eighth || at >= Math.floor(7 * count / 8) ||
    (at - eighth) % 3 === 2;
}

/**
 * The type that llama-quantize chooses for a tensor that may be quantised, before
 * it looks whether its rows fit the blocks.
 *
 * Source: llama.cpp src/llama-quant.cpp, llama_tensor_get_type_impl.
 */
export function chosenType(
  model: QuantizedModel,
  tensor: QuantizedTensor,
  blockOf: (type: string) => number,
): string {
  const { file, isTied } = model;
  const { category } = tensor;
  if (category === "output" || (isTied && category === "token_embd")) {
    return outputType(model, tensor, blockOf);
  }
  if (file.name === "MXFP4_MOE") return tensor.isStack ? "MXFP4" : "Q8_0";
  if (category === "token_embd") return EMBEDDING[file.name] ?? file.base;
  if (LOW.has(file.name)) return lowType(model, tensor);
  switch (category) {
    case "attn_v":
      return valueType(model, tensor);
    case "attn_k":
      if (model.experts === 8) return "Q8_0";
      return QUERY[file.name] ?? file.base;
    case "attn_q":
      return QUERY[file.name] ?? file.base;
    case "ffn_down":
      return downType(model, tensor);
    case "attn_output":
      return attentionOutputType(model);
    case "ffn_gate":
    case "ffn_up":
      return upType(model, tensor);
    default:
      return file.base;
  }
}

/** Embeddings, where the output has a tensor of its own. */
const EMBEDDING: Readonly<Record<string, string>> = {
  IQ1_S: "Q2_K",
  IQ1_M: "Q2_K",
  IQ2_XXS: "Q2_K",
  IQ2_XS: "Q2_K",
  IQ2_S: "IQ3_S",
  IQ2_M: "IQ3_S",
  IQ3_XXS: "IQ3_S",
  TQ1_0: "Q4_K",
  TQ2_0: "Q4_K",
  Q2_0: "Q4_K",
};

/** Queries, and keys beside them. */
const QUERY: Readonly<Record<string, string>> = {
  IQ3_XS: "IQ3_XXS",
  IQ3_XXS: "IQ2_S",
};

function outputType(
  { file, isFalcon }: QuantizedModel,
  { row }: QuantizedTensor,
  blockOf: (type: string) => number,
): string {
  if (
    file.name === "MXFP4_MOE" || isFalcon || row % blockOf(file.base) !== 0
  ) return "Q8_0";
  if (file.name === "IQ3_XXS" || LOW.has(file.name)) return "Q5_K";
  return file.base === "Q8_0" ? "Q8_0" : "Q6_K";
}

/** Files below three bits. */
function lowType(
  { file, experts, grouped, layers }: QuantizedModel,
  { category, rank }: QuantizedTensor,
): string {
  const isUpper = UPPER_LOW.has(file.name);
  const better = isUpper ? "IQ3_S" : "Q2_K";
  switch (category) {
    case "attn_v":
      return grouped >= 4 || experts >= 4 ? "Q4_K" : better;
    case "attn_k":
      return experts === 8 ? "Q4_K" : file.base;
    case "ffn_down":
      return rank < Math.floor(layers / 8) ? better : file.base;
    case "attn_output":
      if (experts === 8) return "Q5_K";
      if (isUpper) return "IQ3_S";
      return file.name.startsWith("IQ1") ? "IQ2_XXS" : file.base;
    default:
      return file.base;
  }
}

/** Values, and attention whose matrices are one. */
function valueType(model: QuantizedModel, tensor: QuantizedTensor): string {
  if (model.experts === 8) return "Q8_0";
  const type = plainValueType(model, tensor);
  return model.is70b && (type === "Q3_K" || type === "Q4_K") ? "Q5_K" : type;
}

function plainValueType(
  { file, grouped, hasMatrix }: QuantizedModel,
  { rank, count }: QuantizedTensor,
): string {
  const isGrouped = grouped >= 4;
  switch (file.name) {
    case "Q2_K":
      return isGrouped ? "Q4_K" : "Q3_K";
    case "Q2_K_S":
    case "IQ3_XS":
    case "IQ3_S":
      return isGrouped ? "Q4_K" : file.base;
    case "IQ3_XXS":
      return isGrouped ? "Q4_K" : hasMatrix ? "IQ3_XXS" : "IQ3_S";
    case "IQ3_M":
      return "Q4_K";
    case "Q3_K_M":
      return rank < 2 ? "Q5_K" : "Q4_K";
    case "Q3_K_L":
      return "Q5_K";
    case "IQ4_NL":
    case "IQ4_XS":
      return isGrouped ? "Q5_K" : file.base;
    case "Q4_K_M":
    case "Q5_K_M":
      return isFavoured(rank, count) ? "Q6_K" : file.base;
    case "Q4_K_S":
      return rank < 4 ? "Q5_K" : file.base;
    default:
      return file.base;
  }
}

function downType(
  { file, experts, layers, isFalcon, hasMatrix }: QuantizedModel,
  { layer, rank }: QuantizedTensor,
): string {
  // Experts of a layer may lie anywhere in the file: their layer's number counts.
  const at = experts > 1 ? layer : rank;
  const isFirstEighth = at < Math.floor(layers / 8);
  const isFirstSixteenth = at < Math.floor(layers / 16);
  const favoured = isFavoured(at, layers);
  switch (file.name) {
    case "Q2_K":
      return "Q3_K";
    case "Q2_K_S":
      return isFirstEighth ? "Q4_K" : file.base;
    case "IQ3_XXS":
      if (hasMatrix) return file.base;
      return isFirstEighth ? "Q4_K" : "Q3_K";
    case "Q3_K_M":
      if (isFirstSixteenth) return "Q5_K";
      return isFalcon && !favoured ? "Q3_K" : "Q4_K";
    case "IQ3_M":
      return isFirstEighth || (experts === 8 && favoured) ? "Q4_K" : file.base;
    case "Q3_K_L":
      return isFalcon ? "Q4_K" : "Q5_K";
    case "Q4_K_M":
      if (!isFalcon) return favoured ? "Q6_K" : file.base;
      return isFirstSixteenth ? "Q6_K" : favoured ? "Q5_K" : "Q4_K";
    case "IQ4_NL":
    case "IQ4_XS":
      return isFirstEighth && !hasMatrix ? "Q5_K" : file.base;
    case "Q5_K_M":
      return favoured ? "Q6_K" : file.base;
    case "Q4_K_S":
      return isFirstEighth && !isFalcon ? "Q5_K" : file.base;
    case "Q4_0":
      return isFirstEighth && hasMatrix ? "Q4_1" : file.base;
    case "Q5_0":
      return isFirstEighth && hasMatrix ? "Q5_1" : file.base;
    default:
      return file.base;
  }
}

/** Files whose attention's output is better in a model of eight experts. */
const EIGHT_EXPERTS = new Set([
  "Q2_K",
  "Q3_K_S",
  "Q3_K_M",
  "Q4_K_S",
  "Q4_K_M",
  "IQ3_XXS",
  "IQ3_XS",
  "IQ3_S",
  "IQ3_M",
  "IQ4_NL",
  "IQ4_XS",
]);

/** What attention's output is in other models. */
const ATTENTION_OUTPUT: Readonly<Record<string, string>> = {
  Q2_K: "Q3_K",
  IQ3_XXS: "IQ3_S",
  Q3_K_M: "Q4_K",
  Q3_K_L: "Q5_K",
  IQ3_M: "Q4_K",
};

function attentionOutputType(
  { file, experts, isFalcon }: QuantizedModel,
): string {
  if (isFalcon) return file.name === "Q3_K_L" ? "Q4_K" : file.base;
  if (experts === 8) return EIGHT_EXPERTS.has(file.name) ? "Q5_K" : file.base;
  return ATTENTION_OUTPUT[file.name] ?? file.base;
}

/** Gates and up projections. */
function upType(
  { file, experts, layers }: QuantizedModel,
  { layer, rank }: QuantizedTensor,
): string {
  const at = experts > 1 ? layer : rank;
  const isMiddle = at >= Math.floor(layers / 8) &&
    at < Math.floor(7 * layers / 8);
  return file.name === "IQ3_XS" && isMiddle ? "IQ3_XXS" : file.base;
}
