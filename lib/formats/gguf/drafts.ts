import type { Model } from "../../models/model.ts";
import { holdsLayer } from "../../models/tensors/layer_numbers.ts";
import type { LayerRange, Tensor } from "../../models/tensors/tensor.ts";
import type { ConvertedTensor } from "./converted_tensor.ts";

/** A field of config.json, and whether such layers have tables of their own. */
interface Ahead {
  readonly key: string;
  /** Whether an embedding and a head are stored with them once more. */
  readonly hasTables: boolean;
}

const LIKE_DEEPSEEK: Ahead = {
  key: "num_nextn_predict_layers",
  hasTables: true,
};
const LIKE_QWEN: Ahead = { key: "mtp_num_hidden_layers", hasTables: false };

/**
 * Types of models whose converter writes the layers that predict tokens ahead.
 *
 * Source: llama.cpp conversion/*.py, block_count.
 */
const AHEAD: Readonly<Record<string, Ahead>> = {
  deepseek_v32: LIKE_DEEPSEEK,
  glm4_moe: LIKE_DEEPSEEK,
  glm4_moe_lite: LIKE_DEEPSEEK,
  glm4v_moe: LIKE_DEEPSEEK,
  glm_moe_dsa: LIKE_DEEPSEEK,
  qwen3_5: LIKE_QWEN,
  qwen3_5_moe: LIKE_QWEN,
  qwen3_5_moe_text: LIKE_QWEN,
  qwen3_5_text: LIKE_QWEN,
};

/** Most layers that anybody's model predicts with. */
const MOST_AHEAD = 16;

/** How many layers that predict tokens ahead a model's file has. */
export function layersAhead({ config, architecture }: Model): number {
  const { key } = aheadOf(architecture.type) ?? {};
  if (key === undefined || config === undefined) return 0;
  const text = config.text_config;
  const stated =
    (typeof text === "object" && text !== null
      ? (text as Record<string, unknown>)[key]
      : undefined) ?? config[key];
  return typeof stated === "number" && Number.isSafeInteger(stated) &&
      stated > 0 && stated <= MOST_AHEAD
    ? stated
    : 0;
}

/**
 * The layers that predict tokens ahead, which no model of transformers has: each
 * is a layer like the last, behind a projection of the embedding and the hidden
 * state.
 *
 * @param converted The model's own tensors.
 */
export function draftTensors(
  model: Model,
  converted: readonly ConvertedTensor[],
): ConvertedTensor[] {
  const count = layersAhead(model);
  const { layers: own, hidden_size, vocab_size, type } = model.architecture;
  const last = own - 1;
  const like = converted.filter(({ layers }) =>
    layers !== null && holdsLayer(layers, last)
  );
  if (count === 0 || like.length === 0) return [];
  const layers: readonly LayerRange[] = [[own, own + count, 1]];
  const matrix = (stem: string, rows: number, row: number): ConvertedTensor =>
    draft(`blk.N.nextn.${stem}.weight`, { rows, row, layers });
  const tables = aheadOf(type)?.hasTables
    ? ["embed_tokens", "shared_head_head"]
    : [];
  return [
    ...like.map((tensor): ConvertedTensor => ({
      ...tensor,
      tensor: { ...tensor.tensor, layers },
      place: "draft",
      layers,
    })),
    matrix("eh_proj", hidden_size, 2 * hidden_size),
    ...["enorm", "hnorm", "shared_head_norm"].map((stem) =>
      matrix(stem, 1, hidden_size)
    ),
    ...tables.map((stem) => matrix(stem, vocab_size, hidden_size)),
  ];
}

function aheadOf(type: string): Ahead | undefined {
  return Object.hasOwn(AHEAD, type) ? AHEAD[type] : undefined;
}

function draft(
  name: string,
  { rows, row, layers }: {
    rows: number;
    row: number;
    layers: readonly LayerRange[];
  },
): ConvertedTensor {
  const tensor: Tensor = {
    name,
    shape: rows > 1 ? [rows, row] : [row],
    role: rows > 1 ? "other" : "norm",
    piece: "language_model",
    module: rows > 1 ? "linear" : "norm",
    layers,
    split: null,
    expert: false,
    quantized: rows > 1,
    dtype: null,
  };
  return {
    name,
    tensor,
    place: "draft",
    layers,
    expert: false,
    isKnown: true,
    row,
    rows,
    matrices: 1,
    dimensions: rows > 1 ? 2 : 1,
  };
}
