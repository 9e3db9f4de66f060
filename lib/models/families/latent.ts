import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { gatedMlp } from "./blocks.ts";
import { rotaryBuffers, textOrOther } from "./blocks_classic.ts";
import { expertTensors, withShared } from "./blocks_dense.ts";
import type { Latent } from "./blocks_recent.ts";
import {
  latentAttentionTensors,
  latentOf,
  layerKindsOf,
  someLayers,
  sparseLayers,
} from "./blocks_recent.ts";
import type { CodeParts } from "./code/code.ts";
import { GATED_NAMES, LATENT_CACHE, WIDE_SIGMOIDS } from "./code/parts.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/** What sets the followers of DeepSeek-V3 apart. */
interface Follower {
  /** The first layers without experts when the config does not say. */
  dense: number;
  /** Whether experts are balanced by a buffer. */
  corrected?: boolean;
  tied?: boolean;
  /** MiniCPM's: a number that scales the embedding, and MLPs with biases. */
  scaled?: boolean;
  /** Which layers choose the tokens that they attend to. */
  isIndexed?: (config: ConfigReader) => (layer: number) => boolean;
}

/**
 * DeepSeek-V3.2: V3 whose layers attend to tokens that an indexer picks.
 *
 * Source: huggingface/transformers
 * models/deepseek_v32/modeling_deepseek_v32.py
 */
export const deepseekV32 = decoder({
  dense: 3,
  corrected: true,
  isIndexed: () => () => true,
});

/**
 * GLM-5: the same, but some layers take over the picks of one before.
 *
 * Source: huggingface/transformers models/glm_moe_dsa/modeling_glm_moe_dsa.py
 */
export const glmMoeDsa = decoder({
  dense: 3,
  corrected: true,
  isIndexed: (config) => {
    const kinds = layerKindsOf(config, "indexer_types", usualIndexers(config));
    return (layer) => kinds(layer) !== "shared";
  },
});

/**
 * GLM-4.7-Flash: DeepSeek-V3's build.
 *
 * Source: huggingface/transformers
 * models/glm4_moe_lite/modeling_glm4_moe_lite.py
 */
export const glm4MoeLite = decoder({ dense: 1, corrected: true });

/**
 * Mistral 4: DeepSeek-V3's build without the balancing bias.
 *
 * Source: huggingface/transformers models/mistral4/modeling_mistral4.py
 */
export const mistral4 = decoder({ dense: 0 });

/**
 * Youtu-LLM: latent attention and plain MLPs.
 *
 * Source: huggingface/transformers models/youtu/modeling_youtu.py
 */
export const youtu = decoder({ dense: Infinity, tied: true });

/**
 * MiniCPM3: the same with scaled embeddings.
 *
 * Source: huggingface/transformers models/minicpm3/modeling_minicpm3.py
 */
export const minicpm3 = decoder({ dense: Infinity, tied: true, scaled: true });

function decoder(
  { dense, corrected, tied = false, scaled, isIndexed }: Follower,
): Decoder {
  const routed = withShared(
    expertTensors({
      countKeys: ["n_routed_experts", "num_local_experts", "num_experts"],
      widthKeys: ["moe_intermediate_size"],
      ...(corrected ? { correction: "gate.e_score_correction_bias" } : {}),
    }),
    {
      name: "mlp.shared_experts",
      width: (config) =>
        config.size("moe_intermediate_size") *
        (config.optional("n_shared_experts") ?? 1),
    },
  );
  return {
    prefix: "model",
    tied,
    body(config, scope) {
      const sizes = latentOf(config, scaled);
      const { hidden } = sizes;
      scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
      const layer = scope.layers(
        "layers",
        allLayers(config.size("num_hidden_layers")),
      );
      // A whole number, so in 8 bytes.
      if (scaled) scope.buffer("embed_tokens.embed_scale", [], 8);
      latentAttentionTensors(layer.scope("self_attn"), sizes);
      if (isIndexed) {
        someLayers(
          config,
          scope,
          isIndexed(config),
          (at) => indexer(config, at.scope("self_attn.indexer"), sizes),
        );
      }
      const isSparse = sparseLayers(config, dense);
      someLayers(config, scope, (at) => !isSparse(at), (at) => {
        gatedMlp(at, hidden, config.size("intermediate_size"), {
          bias: scaled === true && config.flag("mlp_bias", false),
        });
      });
      someLayers(config, scope, isSparse, (at) => routed(config, at, hidden));
      layer.norm("input_layernorm", hidden);
      layer.norm("post_attention_layernorm", hidden);
      scope.norm("norm", hidden);
      rotaryBuffers(scope, sizes.rotated);
    },
  };
}

/** Small heads of their own score every token for the attention. */
function indexer(
  config: ConfigReader,
  at: TensorScope,
  { hidden, queryRank }: Latent,
): void {
  const heads = config.size("index_n_heads");
  const headDim = config.size("index_head_dim");
  const role = "attention";
  at.linear("wq_b", queryRank, heads * headDim, { role, cut: "column" });
  at.linear("wk", hidden, headDim, { role });
  at.norm("k_norm", headDim, { bias: true });
  at.linear("weights_proj", hidden, heads, { role, cut: "column" });
}

/** Which layers pick anew when the config does not list them. */
function usualIndexers(config: ConfigReader): (layer: number) => string {
  const pattern = textOrOther(config, "index_topk_pattern");
  if (pattern !== null) {
    return (layer) => pattern[layer] === "S" ? "shared" : "full";
  }
  const listed = config.texts("index_topk_pattern");
  if (listed.length > 0) return (layer) => listed[layer] ?? "full";
  const step = Math.max(1, config.optional("index_topk_freq") ?? 1);
  const offset = config.optional("index_skip_topk_offset") ?? 2;
  return (layer) =>
    Math.max(layer - offset + 1, 0) % step === 0 ? "full" : "shared";
}

/**
 * The indexer of sparse attention runs without gradients.
 *
 * Source: huggingface/transformers
 * models/deepseek_v32/modeling_deepseek_v32.py, DeepseekV32Indexer.forward
 */
const INDEXED: CodeParts = {
  attention: { picksTokens: true },
  weights: { frozen: /\.indexer\./ },
};

/** The types of this file. */
export const LATENT_TYPES: FamilyTypes = {
  deepseek_v32: ofType(
    causal(deepseekV32),
    GATED_NAMES,
    INDEXED,
    WIDE_SIGMOIDS,
    LATENT_CACHE,
  ),
  glm4_moe_lite: ofType(
    causal(glm4MoeLite),
    GATED_NAMES,
    WIDE_SIGMOIDS,
    LATENT_CACHE,
  ),
  glm_moe_dsa: ofType(
    causal(glmMoeDsa),
    GATED_NAMES,
    INDEXED,
    WIDE_SIGMOIDS,
    LATENT_CACHE,
  ),
  minicpm3: ofType(causal(minicpm3), LATENT_CACHE),
  mistral4: ofType(causal(mistral4), LATENT_CACHE),
  youtu: ofType(causal(youtu), LATENT_CACHE),
};
