import { attentionTensors, gatedMlp } from "./blocks.ts";
import { rotaryShare } from "./blocks_classic.ts";
import {
  biasedAttention,
  biasedMlp,
  headNorms,
  upDown,
  wideNorms,
} from "./blocks_dense.ts";
import { byLayer } from "./code/cache.ts";
import type { CodeParts } from "./code/code.ts";
import {
  MULTIPLIED,
  PLAIN_AND_TIED,
  SPANS_IN_TRANSFORMER,
  SWITCHED_WINDOWS,
  takingTurns,
  TIED,
  turnedInPart,
  usuallyActivatedBy,
  windowed,
} from "./code/parts.ts";
import { isTurned } from "./code/turned.ts";
import { USUAL } from "./code/usual.ts";
import type { Attention } from "./decoder.ts";
import { decoder } from "./decoder.ts";
import type { FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/*
 * Dense decoders that differ from llama in flags, norms or the MLP.
 *
 * Source: huggingface/transformers models/…/modeling_….py of each type.
 */

/** Granite: llama whose numbers are scaled. */
export const granite = decoder({
  attention: biasedAttention(),
  mlp: biasedMlp(),
});

/**
 * SmolLM3: layers without rotation, which no tensor shows. It ties its head
 * unless told otherwise.
 */
export const smollm3 = decoder({
  attention: biasedAttention(),
  mlp: biasedMlp(),
  tied: true,
});

/** Helium: the output projection has no bias, and takes the hidden size. */
export const helium = decoder({
  attention: (config, layer, { hidden, heads, kvHeads, headDim }) => {
    const bias = config.flag("attention_bias", false);
    const at = layer.scope("self_attn");
    for (
      const [role, count] of [["q", heads], ["k", kvHeads], [
        "v",
        kvHeads,
      ]] as const
    ) {
      at.linear(`${role}_proj`, hidden, count * headDim, {
        role,
        bias,
        cut: "column",
      });
    }
    at.linear("o_proj", hidden, hidden, { role: "o", cut: "row" });
  },
  mlp: biasedMlp(),
});

/** Seed-OSS: the output projection has a flag of its own. */
export const seedOss = decoder({
  attention: (config, layer, heads) =>
    attentionTensors(layer, heads, {
      bias: config.flag("attention_bias", true),
      outputBias: config.flag("attention_out_bias", false),
    }),
  mlp: biasedMlp(),
});

/** Arcee: up and down without a gate. */
export const arcee = decoder({
  attention: biasedAttention(),
  mlp: upDown("mlp_bias"),
});

/** Nemotron: up and down without a gate, and norms with biases. */
export const nemotron = decoder({
  attention: biasedAttention(),
  mlp: upDown("mlp_bias"),
  normBias: () => true,
  rotated: (config) => rotaryShare(config, "partial_rotary_factor", 0.5),
});

/** OLMo: norms without weights. */
export const olmo = decoder({
  attention: biasedAttention(),
  norms: [],
  lastNorm: null,
});

/** OLMo 2 and 3: norms after each half, and over all queries and all keys. */
export const olmo2 = decoder({
  attention: wideNorms(biasedAttention()),
  norms: ["post_attention_layernorm", "post_feedforward_layernorm"],
});

/** EXAONE 4: norms after each half, and over each head. */
export const exaone4 = decoder({
  attention: headNorms((_, layer, heads) => attentionTensors(layer, heads)),
  norms: ["post_attention_layernorm", "post_feedforward_layernorm"],
});

/** Hunyuan V1: a norm over each head of queries and keys. */
export const hunyuanDense = decoder({
  attention: headNorms(biasedAttention(), [
    "query_layernorm",
    "key_layernorm",
  ]),
});

/** ERNIE 4.5: one flag for every bias. */
export const ernie = decoder({
  attention: (config, layer, heads) =>
    attentionTensors(layer, heads, { bias: config.flag("use_bias", false) }),
  mlp: biasedMlp("use_bias"),
  tied: true,
});

/** StarCoder 2: biases and norms as GPT-2 has them. */
export const starcoder2 = decoder({
  attention: (config, layer, heads) =>
    attentionTensors(layer, heads, { bias: config.flag("use_bias", true) }),
  mlp: upDown("use_bias", ["c_fc", "c_proj"], true),
  normBias: () => true,
  tied: true,
});

/** Apertus: an activation with two numbers of its own, and no gate. */
export const apertus = decoder({
  attention: headNorms(biasedAttention()),
  mlp: (config, layer, hidden) => {
    upDown("mlp_bias")(config, layer, hidden);
    for (const name of ["alpha_p", "alpha_n"]) {
      layer.parameter(`mlp.act_fn.${name}`, [1], { role: "other" });
    }
    // Its other two are constants.
    for (const name of ["beta", "eps"]) {
      layer.buffer(`mlp.act_fn.${name}`, [], 4);
    }
  },
  norms: ["attention_layernorm", "feedforward_layernorm"],
});

/** BitNet: a norm inside the attention and one inside the MLP. */
export const bitnet = decoder({
  attention: (config, layer, heads) => {
    biasedAttention()(config, layer, heads);
    layer.norm("self_attn.attn_sub_norm", heads.hidden);
  },
  mlp: (config, layer, hidden) => {
    const intermediate = config.size("intermediate_size");
    gatedMlp(layer, hidden, intermediate);
    layer.norm("mlp.ffn_sub_norm", intermediate);
  },
});

const cohereAttention: Attention = (config, layer, heads) => {
  biasedAttention()(config, layer, heads);
  if (!config.flag("use_qk_norm", false)) return;
  const { kvHeads, headDim } = heads;
  for (
    const [name, count] of [["q_norm", heads.heads], [
      "k_norm",
      kvHeads,
    ]] as const
  ) {
    layer.parameter(`self_attn.${name}.weight`, [count, headDim], {
      role: "norm",
    });
  }
};

/** Cohere: one norm a layer, and perhaps one for each head. */
export const cohere = decoder({
  attention: cohereAttention,
  norms: ["input_layernorm"],
  tied: true,
});

/** Cohere's code, of both generations. */
export const COHERE: CodeParts = {
  layer: { norm: "cohere", arrangement: "parallel" },
  rotary: { wide: true },
  sizes: { tied: true },
};

const OLMO2: CodeParts = {
  layer: { norm: "olmo2", arrangement: "post" },
  rotary: { wide: true },
};

/** The types of this file. */
export const LLAMA_KIN: FamilyTypes = {
  apertus: ofType(causal(apertus), { sizes: { gated: false } }),
  arcee: ofType(
    causal(arcee),
    SPANS_IN_TRANSFORMER,
    usuallyActivatedBy("relu2"),
    { sizes: { gated: false } },
  ),
  bitnet: ofType(causal(bitnet), usuallyActivatedBy("relu2")),
  cohere: ofType(causal(cohere), COHERE),
  ernie4_5: ofType(causal(ernie), TIED, {
    rotary: { repeatedTables: true, wide: true },
  }),
  exaone4: ofType(causal(exaone4), SPANS_IN_TRANSFORMER, takingTurns(4, 4096), {
    layer: { arrangement: "post" },
  }),
  granite: ofType(causal(granite), MULTIPLIED),
  helium: ofType(causal(helium), {
    layer: { norm: "olmo2" },
    rotary: { repeatedTables: true },
  }),
  hunyuan_v1_dense: ofType(causal(hunyuanDense), {
    attention: { normsTurned: true },
  }),
  nemotron: ofType(
    causal(nemotron),
    SPANS_IN_TRANSFORMER,
    turnedInPart(0.5),
    usuallyActivatedBy("relu2"),
    { layer: { norm: "layer1p" }, sizes: { gated: false } },
  ),
  olmo: ofType(causal(olmo), {
    layer: { norm: "bare" },
    rotary: { wide: true },
  }),
  olmo2: ofType(causal(olmo2), OLMO2, { attention: { normsEach: true } }),
  olmo3: ofType(causal(olmo2), OLMO2, takingTurns(4, 4096), {
    attention: { normsEach: true },
  }),
  seed_oss: ofType(causal(seedOss), SPANS_IN_TRANSFORMER, {
    dropout: {
      attention: [USUAL.dropout.attention[0], 0.1],
      residual: [USUAL.dropout.residual[0], 0.1],
    },
  }),
  smollm3: ofType(
    causal(smollm3),
    SPANS_IN_TRANSFORMER,
    SWITCHED_WINDOWS,
    TIED,
    {
      cache: byLayer((layer, text) =>
        text["use_sliding_window"] === true && !isTurned(layer, text)
          ? "sliding_attention"
          : "full_attention"
      ),
    },
  ),
  starcoder2: ofType(causal(starcoder2), PLAIN_AND_TIED, windowed(null), {
    rotary: { keptUntil: [4, 45] },
  }),
};
