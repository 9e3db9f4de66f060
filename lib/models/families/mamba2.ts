import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { cachesStates, UNTURNED } from "./code/parts.ts";
import { mixing } from "./code/state_space.ts";
import { mamba2State } from "./code/states.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/** The dimensions of a state space of Mamba's second version. */
export interface Mixer2 {
  hidden: number;
  inner: number;
  heads: number;
  groups: number;
  state: number;
  kernel: number;
  bias: boolean;
  convBias: boolean;
}

/**
 * Mamba-2: state spaces with heads, whose inputs come of one projection.
 *
 * Source: huggingface/transformers models/mamba2/modeling_mamba2.py
 */
export const mamba2: Decoder = {
  prefix: "backbone",
  tied: false,
  body(config, scope) {
    const hidden = config.size("hidden_size");
    scope.embedding("embeddings", config.size("vocab_size"), hidden);
    const layer = scope.layers(
      "layers",
      allLayers(config.size("num_hidden_layers")),
    );
    layer.norm("norm", hidden);
    headedMixer(layer.scope("mixer"), {
      hidden,
      inner: (config.optional("expand") ?? 2) * hidden,
      heads: config.size("num_heads"),
      groups: config.optional("n_groups") ?? 8,
      state: config.optional("state_size") ?? 128,
      kernel: config.optional("conv_kernel") ?? 4,
      bias: config.flag("use_bias", false),
      convBias: config.flag("use_conv_bias", true),
    });
    scope.norm("norm_f", hidden);
  },
};

/** Declares a state space with heads at its own place. */
export function headedMixer(
  at: TensorScope,
  { hidden, inner, heads, groups, state, kernel, bias, convBias }: Mixer2,
): void {
  const role = "ssm";
  const convolved = inner + 2 * groups * state;
  at.parameter("dt_bias", [heads], { role, split: 0 });
  at.parameter("A_log", [heads], { role, split: 0 });
  at.parameter("D", [heads], { role, split: 0 });
  at.conv("conv1d", [convolved, 1, kernel], { bias: convBias });
  at.linear("in_proj", hidden, inner + convolved + heads, {
    role,
    bias,
    cut: "column",
  });
  at.norm("norm", inner);
  at.linear("out_proj", inner, hidden, { role, bias, cut: "row" });
}

/** Mamba-2. */
export const MAMBA2_TYPES: FamilyTypes = {
  mamba2: ofType(
    causal(mamba2),
    UNTURNED,
    {
      stateSpace: mixing("headed", {
        groups: [["n_groups", "mamba_n_groups"], 8],
        chunk: [["chunk_size", "mamba_chunk_size"], 256],
        wideResidual: true,
        castsLogits: true,
      }),
    },
    cachesStates(mamba2State({
      heads: [["num_heads"], 128],
      width: null,
      expand: [["expand"], 2],
      groups: [["n_groups"], 8],
      kernel: [["conv_kernel"], 4],
      state: [["state_size"], 128],
    })),
  ),
};
