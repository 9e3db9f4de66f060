import { attention } from "./blocks.ts";
import {
  biasedAttention,
  biasedMlp,
  experts,
  headNorms,
  inputBiasAttention,
  upDown,
  wideNorms,
  withShared,
} from "./blocks_dense.ts";
import { sparseLayers } from "./blocks_recent.ts";
import type { Attention } from "./decoder.ts";
import { decoder } from "./decoder.ts";
import type { Decoder } from "./family.ts";

/*
 * Later decoders that differ from llama in flags, norms, experts or the MLP.
 *
 * Source: huggingface/transformers models/…/modeling_….py of each type.
 */

const plainAttention: Attention = (_, layer, heads) => attention(layer, heads);

/** Code World Model: llama whose attention has no biases. */
export const cwm = decoder({ attention: plainAttention, mlp: biasedMlp() });

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

/** FlexOlmo: OLMo 2 with experts. */
export const flexOlmo = decoder({
  attention: wideNorms(biasedAttention()),
  experts: experts({ countKeys: ["num_experts", "num_local_experts"] }),
  norms: ["post_attention_layernorm", "post_feedforward_layernorm"],
});

/** Solar Open: experts and shared ones in every layer. */
export const solarOpen = decoder({
  attention: inputBiasAttention,
  experts: withShared(
    experts({
      countKeys: ["n_routed_experts", "num_local_experts"],
      widthKeys: ["moe_intermediate_size"],
      correction: "gate.e_score_correction_bias",
    }),
    {
      name: "mlp.shared_experts",
      width: (config) =>
        config.size("moe_intermediate_size") *
        (config.optional("n_shared_experts") ?? 1),
    },
  ),
});

/** K-EXAONE: a norm over each head, experts after the first dense layers. */
export const exaoneMoe = decoder({
  attention: headNorms(plainAttention),
  experts: withShared(
    experts({
      countKeys: ["num_experts", "num_local_experts"],
      widthKeys: ["moe_intermediate_size"],
      correction: "gate.e_score_correction_bias",
    }),
    {
      name: "mlp.shared_experts",
      width: (config) =>
        config.size("moe_intermediate_size") *
        (config.optional("num_shared_experts") ?? 1),
    },
  ),
  isSparse: (config) => sparseLayers(config, 1),
});

/** Arcee's Trinity: gated attention, and norms around each half. */
export const afmoe = decoder({
  attention: (config, layer, heads) => {
    headNorms(biasedAttention())(config, layer, heads);
    layer.linear(
      "self_attn.gate_proj",
      heads.hidden,
      heads.heads * heads.headDim,
      { role: "attention", cut: "column" },
    );
  },
  experts: withShared(
    (config, layer, hidden) => {
      experts({
        countKeys: ["num_experts", "num_local_experts"],
        widthKeys: ["moe_intermediate_size"],
        router: "router.gate",
        routerLinear: true,
      })(config, layer, hidden);
      const count = config.size("num_experts", "num_local_experts");
      layer.parameter("mlp.expert_bias", [count], { role: "router" });
    },
    {
      name: "mlp.shared_experts",
      width: (config) =>
        config.size("moe_intermediate_size") *
        (config.optional("num_shared_experts") ?? 2),
    },
  ),
  isSparse: (config) => {
    const dense = config.optional("num_dense_layers") ?? 1;
    return (layer) => layer >= dense;
  },
  norms: [
    "input_layernorm",
    "post_attention_layernorm",
    "pre_mlp_layernorm",
    "post_mlp_layernorm",
  ],
});
