/** What llama-quantize takes a tensor for, when it chooses its type. */
export type GgufCategory =
  | "token_embd"
  | "output"
  | "attn_q"
  | "attn_k"
  | "attn_v"
  | "attn_output"
  | "ffn_up"
  | "ffn_gate"
  | "ffn_down"
  | "other";

/**
 * By what a name holds, the first that fits; fused attention is as sensitive as
 * its values and shares their rule.
 *
 * Source: llama.cpp src/llama-quant.cpp, tensor_get_category.
 */
const CATEGORIES: readonly (readonly [part: string, of: GgufCategory])[] = [
  ["attn_qkv.weight", "attn_v"],
  ["attn_kv_b.weight", "attn_v"],
  ["attn_v.weight", "attn_v"],
  ["attn_k.weight", "attn_k"],
  ["attn_q.weight", "attn_q"],
  ["attn_output.weight", "attn_output"],
  ["ffn_up", "ffn_up"],
  ["ffn_gate", "ffn_gate"],
  ["ffn_down", "ffn_down"],
];

/** The category of a tensor by its name in a GGUF file. */
export function ggufCategoryOf(name: string): GgufCategory {
  if (name === "output.weight") return "output";
  if (name === "token_embd.weight" || name === "per_layer_token_embd.weight") {
    return "token_embd";
  }
  return CATEGORIES.find(([part]) => name.includes(part))?.[1] ?? "other";
}

/**
 * Parts of names of matrices that are never quantised: small ones, and those that
 * a kernel reads as they are.
 *
 * Source: llama.cpp src/llama-quant.cpp, tensor_allows_quantization.
 */
const KEPT: readonly string[] = [
  "_norm.weight",
  "ffn_gate_inp.weight",
  "ffn_gate_tid2eid.weight",
  "altup",
  "laurel",
  "per_layer_model_proj",
  "ssm_conv1d",
  "shortconv.conv.weight",
  "indexer.k_proj.weight",
  "indexer.q_proj.weight",
  "time_mix_first.weight",
  "time_mix_w0.weight",
  "time_mix_w1.weight",
  "time_mix_w2.weight",
  "time_mix_v0.weight",
  "time_mix_v1.weight",
  "time_mix_v2.weight",
  "time_mix_a0.weight",
  "time_mix_a1.weight",
  "time_mix_a2.weight",
  "time_mix_g1.weight",
  "time_mix_g2.weight",
  "time_mix_decay_w1.weight",
  "time_mix_decay_w2.weight",
  "time_mix_lerp_fused.weight",
  "attn_rel_b.weight",
  "position_embd.weight",
  "token_types.weight",
];

/**
 * Of those, the ones that the converter writes in F32 whatever the type.
 *
 * Source: llama.cpp conversion/base.py, ModelBase.prepare_tensors.
 */
const SINGLE: readonly string[] = [
  "_norm.weight",
  "ffn_gate_inp.weight",
  "ffn_gate_inp_shexp.weight",
  "position_embd.weight",
  "token_types.weight",
  "ssm_conv1d",
  "shortconv.conv.weight",
  "time_mix_first.weight",
  "time_mix_w1.weight",
  "time_mix_w2.weight",
  "time_mix_decay_w1.weight",
  "time_mix_decay_w2.weight",
  "time_mix_lerp_fused.weight",
  "altup_correct_coef",
  "altup_predict_coef",
];

/** Whether a tensor may be quantised; of a vector see its dimensions. */
export function mayQuantize(name: string, dimensions: number): boolean {
  return dimensions > 1 && name.endsWith("weight") &&
    !KEPT.some((part) => name.includes(part));
}

/** Whether the converter writes a tensor in F32 whatever the file's type. */
export function staysSingle(name: string, dimensions: number): boolean {
  return dimensions < 2 || !name.endsWith(".weight") ||
    SINGLE.some((part) => name.includes(part));
}
