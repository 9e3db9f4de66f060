import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { sizeOrAuto } from "./blocks_classic.ts";
import { cachesStates, TIED, UNTURNED } from "./code/parts.ts";
import { mixing } from "./code/state_space.ts";
import { mambaState } from "./code/states.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/** The dimensions of a selective state space of Mamba's first version. */
export interface MambaSizes {
  hidden: number;
  inner: number;
  state: number;
  rank: number;
  kernel: number;
  bias: boolean;
  convBias: boolean;
}

/**
 * Mamba: a state space a layer, no attention and no MLP.
 *
 * Source: huggingface/transformers models/mamba/modeling_mamba.py
 */
export const mamba: Decoder = {
  prefix: "backbone",
  tied: true,
  body(config, scope) {
    stack(config, scope);
  },
};

/**
 * Falcon Mamba: Mamba whose mixers norm by weights that are no parameters.
 *
 * Source: huggingface/transformers models/falcon_mamba/modeling_falcon_mamba.py
 */
export const falconMamba: Decoder = {
  prefix: "backbone",
  tied: true,
  body(config, scope) {
    const { layer, inner, state } = stack(config, scope);
    layer.buffer("mixer.dt_layernorm.weight", [inner], 4);
    layer.buffer("mixer.b_layernorm.weight", [state], 4);
    layer.buffer("mixer.c_layernorm.weight", [state], 4);
  },
};

/** Declares a selective state space at its own place. */
export function selectiveMixer(
  at: TensorScope,
  { hidden, inner, state, rank, kernel, bias, convBias }: MambaSizes,
): void {
  const role = "ssm";
  at.parameter("A_log", [inner, state], { role, split: 0 });
  at.parameter("D", [inner], { role, split: 0 });
  at.conv("conv1d", [inner, 1, kernel], { bias: convBias });
  at.linear("in_proj", hidden, 2 * inner, { role, bias, cut: "column" });
  at.linear("x_proj", inner, rank + 2 * state, { role, cut: "row" });
  at.linear("dt_proj", rank, inner, { role, bias: true, cut: "column" });
  at.linear("out_proj", inner, hidden, { role, bias, cut: "row" });
}

function stack(
  config: ConfigReader,
  scope: TensorScope,
): { layer: TensorScope; inner: number; state: number } {
  const hidden = config.size("hidden_size");
  const inner = config.optional("intermediate_size") ??
    (config.optional("expand") ?? 2) * hidden;
  const state = config.optional("state_size") ?? 16;
  scope.embedding("embeddings", config.size("vocab_size"), hidden);
  const layer = scope.layers(
    "layers",
    allLayers(config.size("num_hidden_layers", "n_layer")),
  );
  layer.norm("norm", hidden);
  selectiveMixer(layer.scope("mixer"), {
    hidden,
    inner,
    state,
    rank: sizeOrAuto(config, "time_step_rank", Math.ceil(hidden / 16)),
    kernel: config.optional("conv_kernel") ?? 4,
    bias: config.flag("use_bias", false),
    convBias: config.flag("use_conv_bias", true),
  });
  scope.norm("norm_f", hidden);
  return { layer, inner, state };
}

const STATE = mambaState({
  inner: ["intermediate_size"],
  expand: [["expand"], 2],
  kernel: [["conv_kernel"], 4],
  state: [["state_size"], 16],
});

/** The types of this file. */
export const MAMBA_TYPES: FamilyTypes = {
  mamba: ofType(causal(mamba), TIED, UNTURNED, {
    stateSpace: mixing("inner", { wideResidual: true, castsLogits: true }),
  }, cachesStates(STATE)),
  falcon_mamba: ofType(causal(falconMamba), UNTURNED, {
    stateSpace: mixing("inner", {
      norms: true,
      wideResidual: true,
      castsLogits: true,
    }),
  }, cachesStates(STATE)),
};
