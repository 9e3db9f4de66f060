import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import {
  attentionTensors,
  gatedMlp,
  headsOf,
  stackedExperts,
} from "./blocks.ts";
import { inLayers, sizeOrAuto } from "./blocks_classic.ts";
import { byLayer } from "./code/cache.ts";
import { UNTURNED } from "./code/parts.ts";
import { numberOf } from "./code/setting.ts";
import { mixing } from "./code/state_space.ts";
import { mambaState } from "./code/states.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";
import { selectiveMixer } from "./mamba.ts";

/**
 * Jamba: Mamba layers with one of attention now and then, and experts in some
 * of either.
 *
 * Source: huggingface/transformers models/jamba/modeling_jamba.py
 */
export const jamba: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden } = heads;
    const count = config.size("num_hidden_layers");
    const attends = every(config, "attn_layer", [8, 4]);
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const layer = scope.layers("layers", allLayers(count));
    layer.norm("input_layernorm", hidden);
    layer.norm("pre_ff_layernorm", hidden);
    const some = layersWhere(count, attends);
    inLayers(scope, "layers", some, (layer) => attentionTensors(layer, heads));
    const others = layersWhere(count, (at) => !attends(at));
    inLayers(
      scope,
      "layers",
      others,
      (layer) => mixer(config, layer.scope("mamba")),
    );
    feedForward(config, scope, count);
    scope.norm("final_layernorm", hidden);
  },
};

/** Picks the layers that come at an offset in every period. */
function every(
  config: ConfigReader,
  what: "attn_layer" | "expert_layer",
  [period, offset]: readonly [period: number, offset: number],
): (layer: number) => boolean {
  const step = config.optional(`${what}_period`) || period;
  const first = config.optional(`${what}_offset`) ?? offset;
  return (layer) => layer % step === first;
}

function mixer(config: ConfigReader, at: TensorScope): void {
  const hidden = config.size("hidden_size");
  const state = config.optional("mamba_d_state") ?? 16;
  const rank = sizeOrAuto(config, "mamba_dt_rank", Math.ceil(hidden / 16));
  selectiveMixer(at, {
    hidden,
    inner: (config.optional("mamba_expand") ?? 2) * hidden,
    state,
    rank,
    kernel: config.optional("mamba_d_conv") ?? 4,
    bias: config.flag("mamba_proj_bias", false),
    convBias: config.flag("mamba_conv_bias", true),
  });
  at.norm("dt_layernorm", rank);
  at.norm("b_layernorm", state);
  at.norm("c_layernorm", state);
}

function feedForward(
  config: ConfigReader,
  scope: TensorScope,
  count: number,
): void {
  const hidden = config.size("hidden_size");
  const intermediate = config.size("intermediate_size");
  const experts = config.optional("num_experts", "num_local_experts") ?? 16;
  const picked = every(config, "expert_layer", [2, 1]);
  const sparse = (layer: number) => experts > 1 && picked(layer);
  inLayers(
    scope,
    "layers",
    layersWhere(count, (at) => !sparse(at)),
    (layer) => gatedMlp(layer, hidden, intermediate, { name: "feed_forward" }),
  );
  inLayers(scope, "layers", layersWhere(count, sparse), (layer) => {
    const moe = layer.scope("feed_forward");
    moe.parameter("router.weight", [experts, hidden], { role: "router" });
    stackedExperts(moe.scope("experts"), { experts, hidden, intermediate });
  });
}

/** Jamba. */
export const JAMBA_TYPES: FamilyTypes = {
  jamba: ofType(causal(jamba), UNTURNED, { stateSpace: mixing("open") }, {
    cache: {
      ...mambaState({
        inner: [],
        expand: [["mamba_expand"], 2],
        kernel: [["mamba_d_conv"], 4],
        state: [["mamba_d_state"], 16],
      }),
      ...byLayer((layer, text) =>
        layer % numberOf(text, [["attn_layer_period"], 8]) ===
            numberOf(text, [["attn_layer_offset"], 4])
          ? "full_attention"
          : "linear_attention"
      ),
    },
  }),
};
