import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { isBeforeRelease } from "./before_release.ts";
import { attentionTensors, gatedMlp, headsOf } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import type { CodeParts } from "./code/code.ts";
import { takingTurns } from "./code/parts.ts";
import { QUERY_VALUE } from "./code/peft.ts";
import { codePartsOf } from "./code/usual.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/** What sets the three Gemmas apart. */
interface Generation {
  /** Whether the feed-forward layer has norms around it of its own. */
  fourNorms?: boolean;
  /** Whether queries and keys are normed head by head. */
  qkNorm?: boolean;
  /** Whether sliding and full layers rotate by frequencies of their own. */
  twoRopes?: boolean;
}

/** A full layer follows so many less one sliding ones. */
const PATTERN = 6;

/**
 * Gemma: llama with heads as wide as the config says, and a tied head.
 *
 * Source: huggingface/transformers models/gemma/modeling_gemma.py
 */
export const gemma = decoder({});

/**
 * Gemma 2: norms before and after each half of a layer.
 *
 * Source: huggingface/transformers models/gemma2/modeling_gemma2.py
 */
export const gemma2 = decoder({ fourNorms: true });

/**
 * Gemma 3: Gemma 2 with normed queries and keys, and two ropes.
 *
 * Source: huggingface/transformers models/gemma3/modeling_gemma3.py
 */
export const gemma3 = decoder({
  fourNorms: true,
  qkNorm: true,
  twoRopes: true,
});

function decoder({ fourNorms, qkNorm, twoRopes }: Generation): Decoder {
  return {
    prefix: "model",
    tied: true,
    body(config, scope) {
      const heads = headsOf(config);
      const { hidden, headDim } = heads;
      scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
      const layers = allLayers(config.size("num_hidden_layers"));
      const layer = scope.layers("layers", layers);
      attentionTensors(layer, heads, {
        bias: config.flag("attention_bias", false),
      });
      if (qkNorm) {
        layer.norm("self_attn.q_norm", headDim);
        layer.norm("self_attn.k_norm", headDim);
      }
      gatedMlp(layer, hidden, config.size("intermediate_size"));
      layer.norm("input_layernorm", hidden);
      layer.norm("post_attention_layernorm", hidden);
      if (fourNorms) {
        layer.norm("pre_feedforward_layernorm", hidden);
        layer.norm("post_feedforward_layernorm", hidden);
      }
      scope.norm("norm", hidden);
      if (twoRopes) ropes(config, scope, headDim);
      else {
        rotaryBuffers(scope, headDim);
        // The embedding's scale, a plain number in the development build.
        if (!isBeforeRelease(config)) {
          scope.buffer("embed_tokens.embed_scale", [], 4);
        }
      }
    },
  };
}

/** Frequencies of each kind of layer, and the scale of the embedding. */
function ropes(
  config: ConfigReader,
  scope: TensorScope,
  headDim: number,
): void {
  scope.buffer("embed_tokens.embed_scale", [], 4);
  const rotary = scope.scope("rotary_emb");
  for (const kind of new Set(layerTypes(config))) {
    rotary.buffer(`${kind}_inv_freq`, [headDim / 2], 4);
    rotary.buffer(`${kind}_original_inv_freq`, [headDim / 2], 4);
  }
}

function layerTypes(config: ConfigReader): string[] {
  const given = config.texts("layer_types");
  if (given.length > 0) return given;
  const pattern = config.optional("sliding_window_pattern") ?? PATTERN;
  const full = pattern > 0 && config.size("num_hidden_layers") >= pattern;
  return [
    ...(pattern === 1 ? [] : ["sliding_attention"]),
    ...(full ? ["full_attention"] : []),
  ];
}

/** What the Gemmas' code has alike: norms, and embeddings that scale. */
export const GEMMA: CodeParts = {
  layer: { norm: "gemma" },
  embedding: { scaled: "by module" },
  multiplies: { embeddings: true },
  sizes: { tied: true },
};

/** Gemma 3's, with eyes or without. */
export const GEMMA3: CodeParts = codePartsOf(
  GEMMA,
  takingTurns(PATTERN, 4096),
  { layer: { arrangement: "sandwich" }, rotary: { tables: 2 } },
);

/** The text types of the first three generations. */
export const GEMMA_TYPES: FamilyTypes = {
  gemma: ofType(causal(gemma), GEMMA, {
    embedding: { scaled: "by model before 5" },
    peft: QUERY_VALUE,
  }),
  gemma2: ofType(causal(gemma2), GEMMA, takingTurns(2, 4096), {
    layer: { arrangement: "sandwich" },
    attention: { softcaps: true },
    embedding: { scaled: "by model before 5" },
    peft: QUERY_VALUE,
  }),
  gemma3_text: ofType(causal(gemma3), GEMMA3, { peft: QUERY_VALUE }),
};
