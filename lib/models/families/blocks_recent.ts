import type { ConfigReader } from "../tensors/config_reader.ts";
import { layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { inLayers } from "./blocks_classic.ts";
import type { Decoder, Family } from "./family.ts";
import { headOf } from "./family.ts";

/** What a layer is, by its number. */
export type Kinds = (layer: number) => string;

/** Reads what each layer is, or falls back on the usual pattern. */
export function layerKindsOf(
  config: ConfigReader,
  key: string,
  usual: Kinds,
): Kinds {
  const kinds = config.texts(key);
  return kinds.length > 0 ? (layer) => kinds[layer] ?? "" : usual;
}

/** Whether a layer attends, by names of before and after transformers 5. */
export function attends(kind: string): boolean {
  return kind === "full_attention" || kind === "attention";
}

/** Declares what the layers that a test picks have. */
export function someLayers(
  config: ConfigReader,
  scope: TensorScope,
  picks: (layer: number) => boolean,
  declare: (layer: TensorScope) => void,
): void {
  const count = config.size("num_hidden_layers");
  inLayers(scope, "layers", layersWhere(count, picks), declare);
}

/** Whether a layer has experts: listed, or after the first dense ones. */
export function sparseLayers(
  config: ConfigReader,
  dense: number,
): (layer: number) => boolean {
  const first = config.optional("first_k_dense_replace") ?? dense;
  const kinds = layerKindsOf(
    config,
    "mlp_layer_types",
    (layer) => layer < first ? "dense" : "sparse",
  );
  return (layer) => kinds(layer) === "sparse";
}

/** The sizes of latent attention. */
export interface Latent {
  hidden: number;
  heads: number;
  /** 0 where queries have no rank of their own. */
  queryRank: number;
  rank: number;
  plain: number;
  rotated: number;
  value: number;
  bias: boolean;
  /** What a head asks with, where that is no sum of its two parts. */
  query?: number;
}

/**
 * Reads the sizes of latent attention by DeepSeek's names.
 *
 * @param even Whether values share the hidden size when the config is silent.
 */
export function latentOf(config: ConfigReader, even = false): Latent {
  const hidden = config.size("hidden_size");
  const heads = config.size("num_attention_heads");
  const isEven = even && !config.has("v_head_dim");
  return {
    hidden,
    heads,
    queryRank: config.optional("q_lora_rank") ?? 0,
    rank: config.size("kv_lora_rank"),
    plain: config.size("qk_nope_head_dim"),
    rotated: config.size("qk_rope_head_dim"),
    value: isEven ? Math.floor(hidden / heads) : config.size("v_head_dim"),
    bias: config.flag("attention_bias", false),
  };
}

/** Queries, keys and values through low ranks. */
export function latentAttentionTensors(
  scope: TensorScope,
  sizes: Latent,
): void {
  const { hidden, heads, queryRank, rank, plain, rotated, value, bias } = sizes;
  const queries = heads * (sizes.query ?? plain + rotated);
  const cut = "column";
  if (queryRank === 0) {
    scope.linear("q_proj", hidden, queries, { role: "q", cut });
  } else {
    scope.linear("q_a_proj", hidden, queryRank, { role: "q", bias });
    scope.norm("q_a_layernorm", queryRank);
    scope.linear("q_b_proj", queryRank, queries, { role: "q", cut });
  }
  scope.linear("kv_a_proj_with_mqa", hidden, rank + rotated, {
    role: "attention",
    bias,
  });
  scope.norm("kv_a_layernorm", rank);
  scope.linear("kv_b_proj", rank, heads * (plain + value), {
    role: "attention",
    cut,
  });
  scope.linear("o_proj", heads * value, hidden, {
    role: "o",
    bias,
    cut: "row",
  });
}

/** A causal model whose head is its own whatever the config says. */
export function neverTied(decoder: Decoder): Family {
  return (config, scope) => {
    decoder.body(config, scope.scope(decoder.prefix));
    headOf(decoder, config, scope, false);
  };
}
