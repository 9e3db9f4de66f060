import type { Role } from "../tensors/tensor.ts";

/**
 * Roles by the last word of a module's path: the names of the families in
 * huggingface/transformers, of their elder checkpoints, and of GGUF files
 * (ggml-org/llama.cpp gguf-py/gguf/constants.py).
 */
const WORDS: Partial<Record<Role, string>> = {
  embedding:
    "embed_tokens wte word_embeddings word_embedding embed_in shared embed " +
    "tok_embeddings token_embedding token_embd embeddings " +
    "embed_tokens_per_layer",
  position: "wpe embed_positions position_embeddings position_embedding " +
    "pos_embed pos_embedding position_embd relative_attention_bias rel_embeddings",
  head: "lm_head embed_out output_layer proj_out",
  router: "router gate wg ffn_gate_inp ffn_gate_inp_shexp exp_probs_b " +
    "shared_expert_gate e_score_correction_bias",
  qkv: "qkv qkv_proj query_key_value c_attn Wqkv wqkv W_pack in_proj " +
    "in_proj_weight attn_qkv att_proj",
  q: "q q_proj q_lin query query_proj wq Wq to_q attn_q attn_q_a attn_q_b q_a_proj " +
    "q_b_proj",
  k: "k k_proj k_lin key key_proj wk Wk to_k attn_k attn_k_b",
  v: "v v_proj v_lin value value_proj wv Wv to_v attn_v attn_v_b",
  attention:
    "kv kv_a_proj_with_mqa kv_b_proj kv_proj attn_kv_a_mqa attn_kv_b " +
    "sinks attn_sinks per_dim_scale",
  o: "o o_proj o_a_proj o_b_proj post projection_layer out_proj out_lin wo Wo to_out attn_output attn_out",
  gate_up: "gate_up_proj ff_proj ffn_gate_up_exps input_linear Wi",
  gate: "gate_proj w1 wi_0 ffn_gate ffn_gate_exps ffn_gate_shexp",
  up: "up_proj w3 v1 wi wi_1 fc1 linear_fc1 lin1 c_fc fc_in dense_h_to_4h " +
    "ffn_up ffn_up_exps ffn_up_shexp ffw_layer_1",
  down: "down_proj ff_out w2 fc2 linear_fc2 lin2 c_proj fc_out dense_4h_to_h " +
    "output_linear ffn_down ffn_down_exps ffn_down_shexp ffw_layer_2",
  ssm: "A_log dt_proj x_proj dt_bias",
};

/** Roles by more than the last word; the first that fits goes before words. */
const PATHS: readonly (readonly [path: RegExp, role: Role])[] = [
  [/(^|[._])(layer_?norm|layrnorm|rms_?norm|norm|ln)(\d+|_\w+)?$/i, "norm"],
  [/norm$|^ln_\w+$|^mlp1\.0$|\.bn\d?$|(^|\.)layer_scale\.gamma$/i, "norm"],
  [
    /^((language_)?model\.)?output$|lm_head\.decoder$|predictions\.decoder$|^classifier$|transformer\.ff_out$/,
    "head",
  ],
  [/(^|\.)wte\.(new_)?embedding$/, "embedding"],
  [/(^|\.)router\.\w+$|_router$|\.e_score_correction$/, "router"],
  [/patch_embedder\.input_proj$/, "other"],
  // MiniMax gates what its linear attention gives, BLIP-2 has a MLP for queries.
  [/self_attn\.output_gate$/, "gate"],
  [/\.intermediate_query\.dense$/, "up"],
  [/\.output_query\.dense$/, "down"],
  [
    /position(al)?_embeddings?(_\w+|\.\w+)?$|pos_emb$|rel_pos_[hw]$/,
    "position",
  ],
  [/_projection\.linear_fc\d$/, "projector"],
  [/\.forget_gate\.\w+$/, "ssm"],
  [/\.mlp\.fc0$/, "up"],
  // Short convolutions between two projections of their own.
  [/(^|\.)conv\.(in|out)_proj$/, "ssm"],
  [/(^|\.)(indexer|compressor)\.([\w.]+)$/, "attention"],
  [/(^|\.)mm_projector\.\w+$|^text_model\.head$/, "projector"],
  [/(^|\.)lconv1d\.\w+$|(^|[._])downsampler?\d*$/, "conv"],
  [/(^|[._])conv\w*(\.\d+)?$|patch_embed\w*(\.\w+)*$|^v\.patch_embd$/, "conv"],
  // Some models call every layer's inside its mixer, attention's and experts' too.
  [
    /(mamba|mixer|ssm|linear_attn|temporal_block)\.(?!([qkvo]|up|down|fc\d_latent)_proj$|gate$)\w+$/,
    "ssm",
  ],
  [/(^|\.)ssm_\w+$/, "ssm"],
  [
    /(attn|attention)\w*\.(c_proj|dense|proj|projection|output(\.dense)?)$/,
    "o",
  ],
  // Gemma 3n's tower has a projection inside each module of its attention.
  [/attn\.query\.proj$/, "q"],
  [/attn\.key\.proj$/, "k"],
  [/attn\.value\.proj$/, "v"],
  [/attn\.output\.proj$/, "o"],
  [/intermediate\.dense$/, "up"],
  [/(DenseReluDense|mlp|ffn|feed_forward)\.([wW]o|output|proj)$/, "down"],
  [/(mlp|output)\.(dense|c_proj)$/, "down"],
];

const byWord = new Map(
  Object.entries(WORDS).flatMap(([role, words]) =>
    words.split(" ").map((word) => [word, role as Role])
  ),
);

/** Guesses what a tensor is for by its name; "other" where none is known. */
export function roleOfName(name: string): Role {
  const module = name
    .replace(/[._](weight|bias)$/, "")
    // Linear layers with bounds around them.
    .replace(/_proj\.linear$/, "_proj")
    // InternVL's projector begins with a norm, all else is called by its path.
    .replace(/(?<!^mlp1)\.\d+$/, "");
  const path = PATHS.find(([pattern]) => pattern.test(module));
  if (path) return path[1];
  const word = module.slice(module.lastIndexOf(".") + 1);
  return byWord.get(word) ?? "other";
}
