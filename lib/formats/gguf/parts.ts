import type { Model } from "../../models/model.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import { elementsOf } from "../../models/tensors/tensor.ts";

/** Gemma 4's experts, whose gates and up projections stay one. */
const STAYS_WHOLE = /\.N\.experts\.gate_up_proj$/;

/** A matrix, or a stack of them, that a GGUF file holds of a model's tensor. */
export interface GgufPart {
  readonly stem: string;
  readonly row: number;
  readonly rows: number;
  /** ggml's ne[2]. */
  readonly matrices: number;
  /** ggml's number of dimensions: those behind the last that is above 1. */
  readonly dimensions: number;
}

/**
 * What llama.cpp's converter makes of a tensor: itself, or the parts of which the
 * model has made one.
 *
 * @param stem What the tensor is called in the file, without its ending.
 */
export function partsOf(
  model: Model,
  tensor: Tensor,
  stem: string,
): readonly GgufPart[] {
  const name = stem.slice(stem.lastIndexOf(".") + 1);
  switch (name) {
    case "ffn_gate_up_exps":
    case "ffn_gate_up_shexp":
      return STAYS_WHOLE.test(tensor.name)
        ? [whole(tensor, stem, model)]
        : halves(tensor, stem, model);
    case "attn_kv_b":
      return latent(tensor, stem, model) ?? [whole(tensor, stem, model)];
    case "ssm_in":
      return linearAttention(tensor, stem, model);
    default:
      return [whole(tensor, stem, model)];
  }
}

function whole(tensor: Tensor, stem: string, model: Model): GgufPart {
  const row = rowOf(tensor, stem, model);
  const elements = elementsOf(tensor);
  return part(stem, {
    row,
    rows: elements / row,
    matrices: tensor.shape.length > 2 && !isConvolution(tensor)
      ? tensor.shape[0] ?? 1
      : 1,
  });
}

function part(
  stem: string,
  { row, rows, matrices }: { row: number; rows: number; matrices: number },
): GgufPart {
  return {
    stem,
    row,
    rows,
    matrices,
    dimensions: matrices > 1 ? 3 : rows > 1 ? 2 : 1,
  };
}

/** Elements of a row: what a linear layer takes in, whichever way it is stored. */
function rowOf(tensor: Tensor, stem: string, model: Model): number {
  const { shape, module } = tensor;
  const last = shape[shape.length - 1] ?? 1;
  if (module === "conv1d" && shape.length === 2) return shape[0] ?? 1;
  if (shape.length !== 3 || !tensor.expert) return last;
  // Experts that multiply from the right lie transposed: [experts, in, out].
  const [, inner = 1] = shape;
  const { hidden_size } = model.architecture;
  const isTransposed = stem.includes("down")
    ? last === hidden_size && inner !== hidden_size
    : inner === hidden_size && last !== hidden_size;
  return isTransposed ? inner : last;
}

function isConvolution({ module, role }: Tensor): boolean {
  return module === "conv" || role === "conv";
}

/** A gate and an up projection that were one: of all their rows, half each. */
function halves(tensor: Tensor, stem: string, model: Model): GgufPart[] {
  const { row, rows, matrices } = whole(tensor, stem, model);
  return ["ffn_gate", "ffn_up"].map((name) =>
    part(stem.replace("ffn_gate_up", name), { row, rows: rows / 2, matrices })
  );
}

/** Types of models whose latents llama.cpp takes out whole. */
const WHOLE_LATENT = new Set(["minicpm3"]);

/**
 * Keys and values out of a latent, head by head: keys lie transposed, so that the
 * query is multiplied with them instead.
 */
function latent(
  tensor: Tensor,
  stem: string,
  { config, architecture }: Model,
): GgufPart[] | null {
  if (WHOLE_LATENT.has(architecture.type)) return null;
  const text = config?.text_config ?? config;
  const heads = architecture.attention_heads;
  const nope = numberOf(text, "qk_nope_head_dim");
  const value = numberOf(text, "v_head_dim");
  const rank = tensor.shape[1];
  const isWhole = heads > 0 && rank !== undefined &&
    tensor.shape[0] === heads * (nope + value);
  return isWhole && nope > 0 && value > 0
    ? [
      part(stem.replace("attn_kv_b", "attn_k_b"), {
        row: nope,
        rows: rank * heads,
        matrices: heads,
      }),
      part(stem.replace("attn_kv_b", "attn_v_b"), {
        row: rank,
        rows: value * heads,
        matrices: heads,
      }),
    ]
    : null;
}

/** Qwen3-Next's projection in: queries, keys and values apart from the gate. */
function linearAttention(
  tensor: Tensor,
  stem: string,
  model: Model,
): GgufPart[] {
  const { row, rows, matrices } = whole(tensor, stem, model);
  const { config } = model;
  const text = config?.text_config ?? config;
  const gate = numberOf(text, "linear_num_value_heads") *
    numberOf(text, "linear_value_head_dim");
  if (!tensor.name.includes("in_proj_qkvz") || gate <= 0 || gate >= rows) {
    return [part(stem, { row, rows, matrices })];
  }
  return [
    part(stem.replace("ssm_in", "attn_qkv"), {
      row,
      rows: rows - gate,
      matrices,
    }),
    part(stem.replace("ssm_in", "attn_gate"), { row, rows: gate, matrices }),
  ];
}

function numberOf(config: unknown, key: string): number {
  const value = typeof config === "object" && config !== null
    ? (config as Record<string, unknown>)[key]
    : null;
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0
    ? value
    : 0;
}
