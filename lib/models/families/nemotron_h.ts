import type { Config } from "../config.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { attentionTensors, headsOf } from "./blocks.ts";
import { inLayers, plainMlp } from "./blocks_classic.ts";
import { neverTied } from "./blocks_recent.ts";
import type { CacheKind } from "./code/cache.ts";
import type { CodeParts } from "./code/code.ts";
import { CACHE_KINDS } from "./code/cache.ts";
import { ACTIVATION_KEYS } from "./code/layer.ts";
import { UNTURNED, WIDE_SIGMOIDS } from "./code/parts.ts";
import { mixing } from "./code/state_space.ts";
import { mamba2State } from "./code/states.ts";
import { codePartsOf } from "./code/usual.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { headedMixer } from "./mamba2.ts";

/** What the letters of a pattern stand for. */
const LETTERS: Readonly<Record<string, string>> = {
  M: "mamba",
  E: "moe",
  "*": "attention",
  "-": "mlp",
};

/** The layers of a config that lists none. */
const USUAL = ["mamba", "moe", "attention", "mlp"];

/**
 * Nemotron-H and Nemotron 3: each layer is a Mamba-2 mixer, an attention, an
 * MLP or a mixture of experts, after one norm.
 *
 * Source: huggingface/transformers models/nemotron_h/modeling_nemotron_h.py
 */
export const nemotronH: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden } = heads;
    const kinds = layerKinds(config);
    scope.embedding("embeddings", config.size("vocab_size"), hidden);
    scope.layers("layers", allLayers(kinds.length)).norm("norm", hidden);
    const each = (kind: string, declare: (layer: TensorScope) => void) =>
      inLayers(
        scope,
        "layers",
        layersWhere(kinds.length, (at) => kinds[at] === kind),
        declare,
      );
    each("mamba", (layer) => mixer(config, layer.scope("mixer"), hidden));
    each(
      "attention",
      (layer) => attentionTensors(layer, heads, { name: "mixer" }),
    );
    const bias = config.flag("mlp_bias", false);
    const names = ["up_proj", "down_proj"] as const;
    each("mlp", (layer) => {
      const intermediate = config.size("intermediate_size");
      plainMlp(layer.scope("mixer"), names, hidden, intermediate, { bias });
    });
    each("moe", (layer) => experts(config, layer.scope("mixer"), hidden));
    scope.norm("norm_f", hidden);
  },
};

/** What every layer is, by the names of before transformers 5. */
function layerKinds(config: ConfigReader): string[] {
  const pattern = config.text("hybrid_override_pattern", "");
  const listed = [
    config.texts("layers_block_type"),
    config.texts("layer_types"),
    [...pattern].map((letter) => LETTERS[letter] ?? ""),
    USUAL,
  ].find((list) => list.length > 0) ?? USUAL;
  return listed.map((kind) =>
    kind === "linear_attention"
      ? "mamba"
      : kind === "full_attention"
      ? "attention"
      : kind
  );
}

function mixer(config: ConfigReader, at: TensorScope, hidden: number): void {
  const heads = config.size("mamba_num_heads");
  headedMixer(at, {
    hidden,
    inner: heads * config.size("mamba_head_dim"),
    heads,
    groups: config.optional("n_groups") ?? 8,
    state: config.optional("ssm_state_size") ?? 128,
    kernel: config.optional("mamba_d_conv", "conv_kernel") ?? 4,
    bias: config.flag("use_bias", false),
    convBias: config.flag(
      "mamba_conv_bias",
      config.flag("use_conv_bias", true),
    ),
  });
}

/** Experts without gates, perhaps between two projections of their own. */
function experts(config: ConfigReader, at: TensorScope, hidden: number): void {
  const count = config.optional("n_routed_experts", "num_local_experts") ?? 8;
  const width = config.size("moe_intermediate_size");
  const latent = config.optional("moe_latent_size");
  const inputs = latent ?? hidden;
  const bias = config.flag("mlp_bias", false);
  // transformers leaves routers in fp32: _keep_in_fp32_modules_strict.
  at.parameter("gate.weight", [count, hidden], {
    role: "router",
    dtype: "fp32",
  });
  at.buffer("gate.e_score_correction_bias", [count], 4);
  at.parameter("experts.up_proj", [count, width, inputs], {
    role: "up",
    split: 1,
    expert: true,
  });
  at.parameter("experts.down_proj", [count, inputs, width], {
    role: "down",
    split: 2,
    expert: true,
  });
  plainMlp(
    at.scope("shared_experts"),
    ["up_proj", "down_proj"],
    hidden,
    config.size("moe_shared_expert_intermediate_size"),
    { bias },
  );
  if (latent === null) return;
  at.linear("fc1_latent_proj", hidden, latent, { role: "other", bias });
  at.linear("fc2_latent_proj", latent, hidden, { role: "other", bias });
}

/** A letter a layer, where the config does not list them. */
function kindsOf(text: Config): readonly CacheKind[] {
  const pattern = text["hybrid_override_pattern"];
  const names = typeof pattern === "string"
    ? [...pattern].map((letter) => LETTERS[letter] ?? "")
    : USUAL;
  return names.map((name) => CACHE_KINDS[name] ?? "none");
}

/** What its code does otherwise than Llama's. */
export const NEMOTRON_H_CODE: CodeParts = codePartsOf(
  codePartsOf(UNTURNED, WIDE_SIGMOIDS),
  {
    layer: { norm: "olmo2" },
    mlp: {
      activation: [
        [...ACTIVATION_KEYS, "mlp_hidden_act"],
        "relu2",
      ],
    },
    stateSpace: mixing("headed", {
      groups: [["n_groups", "mamba_n_groups"], 8],
      chunk: [["chunk_size", "mamba_chunk_size"], 128],
      castsLogits: true,
    }),
    experts: { gate: "none" },
    peft: { targets: ["q_proj", "k_proj", "v_proj", "o_proj"] },
    cache: {
      ...mamba2State({
        heads: [["mamba_num_heads"], 128],
        width: [["mamba_head_dim"], 64],
        expand: [["expand"], 2],
        groups: [["n_groups", "mamba_n_groups"], 8],
        kernel: [["conv_kernel", "mamba_d_conv"], 4],
        state: [["ssm_state_size", "mamba_d_state"], 128],
      }),
      kinds: kindsOf,
    },
  },
);

/** Nemotron-H. */
export const NEMOTRON_H_TYPES: FamilyTypes = {
  nemotron_h: ofType(neverTied(nemotronH), NEMOTRON_H_CODE),
};
