import { attentionTensors, gatedMlp } from "./blocks.ts";
import { biasedAttention, biasedMlp, upDown } from "./blocks_dense.ts";
import { byLayer } from "./code/cache.ts";
import {
  cachesByTurns,
  SPANS_IN_TRANSFORMER,
  usuallyActivatedBy,
} from "./code/parts.ts";
import { decoder } from "./decoder.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/*
 * Later dense decoders that differ from llama in flags, norms or the MLP.
 *
 * Source: huggingface/transformers models/…/modeling_….py of each type.
 */

/** Code World Model: llama whose attention has no biases. */
export const cwm = decoder({
  attention: (_, layer, heads) => attentionTensors(layer, heads),
  mlp: biasedMlp(),
});

/** InternLM3: llama with two names for each kind of bias. */
export const internlm3 = decoder({
  attention: (config, layer, heads) => {
    const bias = config.flag("qkv_bias", false);
    attentionTensors(layer, heads, {
      bias: config.flag("attention_bias", bias),
    });
  },
  mlp: (config, layer, hidden) => {
    const bias = config.flag("bias", false);
    gatedMlp(layer, hidden, config.size("intermediate_size"), {
      bias: config.flag("mlp_bias", bias),
    });
  },
});

/** nanochat: norms without weights, up and down without a gate. */
export const nanochat = decoder({
  attention: biasedAttention(),
  mlp: upDown("mlp_bias", ["fc1", "fc2"]),
  norms: [],
  lastNorm: null,
});

/** Jais 2: up and down without a gate, biases everywhere. */
export const jais2 = decoder({
  attention: biasedAttention(true),
  mlp: upDown("mlp_bias", undefined, true),
  normBias: () => true,
});

/** DiffLlama: four vectors that weigh two attentions against each other. */
export const diffLlama = decoder({
  attention: (config, layer, heads) => {
    biasedAttention()(config, layer, heads);
    for (const name of ["q1", "k1", "q2", "k2"]) {
      layer.parameter(`self_attn.lambda_${name}`, [heads.headDim], {
        role: "attention",
      });
    }
  },
});

const vaultGemmaBody = decoder({
  attention: biasedAttention(),
  norms: ["input_layernorm", "pre_feedforward_layernorm"],
  tied: true,
});

/** VaultGemma: Gemma 2 without the norms after each half. */
export const vaultGemma: Decoder = {
  ...vaultGemmaBody,
  body(config, scope) {
    vaultGemmaBody.body(config, scope);
    scope.buffer("embed_tokens.embed_scale", [], 4);
  },
};

/** The types of this file. */
export const RECENT_KIN: FamilyTypes = {
  cwm: ofType(causal(cwm), {
    cache: {
      window: 8192,
      ...byLayer((layer) =>
        layer % 4 === 0 ? "full_attention" : "sliding_attention"
      ),
    },
  }),
  diffllama: ofType(causal(diffLlama), SPANS_IN_TRANSFORMER),
  internlm3: ofType(causal(internlm3)),
  jais2: ofType(causal(jais2), usuallyActivatedBy("relu2")),
  nanochat: ofType(causal(nanochat), usuallyActivatedBy("relu2"), {
    layer: { norm: "bare rms" },
    attention: { normsBare: true, normsTurned: true },
    embedding: { normsBare: true },
  }),
  vaultgemma: ofType(causal(vaultGemma), cachesByTurns([[], 2], 4096)),
};
