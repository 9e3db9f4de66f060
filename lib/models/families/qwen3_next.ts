import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { gatedMlp } from "./blocks.ts";
import { rotaryBuffers, rotaryShare } from "./blocks_classic.ts";
import { everyStep, expertTensors, withShared } from "./blocks_dense.ts";
import { attends, layerKindsOf, someLayers } from "./blocks_recent.ts";
import {
  DELTA_CACHE,
  GATED_NAMES,
  NARROW_WEIGHTS,
  SPANS_IN_TRANSFORMER,
} from "./code/parts.ts";
import type { CodeParts } from "./code/code.ts";
import { mixing } from "./code/state_space.ts";
import { codePartsOf } from "./code/usual.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";
import { deltaCore, deltaInputs, deltaOf } from "./gated_delta.ts";

/** What sets Qwen3-Next and the Qwen3.5 models apart. */
interface Generation {
  /** Whether the inputs of linear attention are two matrices, not four. */
  fused: boolean;
  /** Which layers have experts. */
  isSparse: (config: ConfigReader) => (layer: number) => boolean;
}

/**
 * Qwen3-Next: three layers of a gated delta rule for one of gated attention,
 * and experts with a shared one.
 *
 * Source: huggingface/transformers models/qwen3_next/modeling_qwen3_next.py
 */
export const qwen3Next = decoder({ fused: true, isSparse: everyStep });

/**
 * Qwen3.5: the same layers with a plain MLP.
 *
 * Source: huggingface/transformers models/qwen3_5/modeling_qwen3_5.py
 */
export const qwen35 = decoder({ fused: false, isSparse: () => () => false });

/**
 * Qwen3.5 with experts in every layer.
 *
 * Source: huggingface/transformers models/qwen3_5_moe/modeling_qwen3_5_moe.py
 */
export const qwen35Moe = decoder({ fused: false, isSparse: () => () => true });

function decoder({ fused, isSparse }: Generation): Decoder {
  return {
    prefix: "model",
    tied: false,
    body(config, scope) {
      const hidden = config.size("hidden_size");
      const headDim = config.optional("head_dim") ?? 256;
      const interval = config.optional("full_attention_interval") || 4;
      const kinds = layerKindsOf(
        config,
        "layer_types",
        (layer) =>
          (layer + 1) % interval ? "linear_attention" : "full_attention",
      );
      scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
      const isFull = (layer: number) => attends(kinds(layer));
      someLayers(
        config,
        scope,
        isFull,
        (layer) => gatedAttention(config, layer, headDim),
      );
      someLayers(
        config,
        scope,
        (layer) => !isFull(layer),
        (layer) => linearAttention(config, layer, fused),
      );
      const sparse = isSparse(config);
      someLayers(config, scope, sparse, (at) => routed(config, at, hidden));
      someLayers(config, scope, (at) => !sparse(at), (layer) => {
        gatedMlp(layer, hidden, config.size("intermediate_size"));
      });
      const layer = scope.layers(
        "layers",
        allLayers(config.size("num_hidden_layers")),
      );
      layer.norm("input_layernorm", hidden);
      layer.norm("post_attention_layernorm", hidden);
      scope.norm("norm", hidden);
      const share = rotaryShare(config, "partial_rotary_factor", 0.25);
      rotaryBuffers(scope, Math.floor(headDim * share));
    },
  };
}

/** Attention whose queries come with a gate for each head's output. */
function gatedAttention(
  config: ConfigReader,
  layer: TensorScope,
  headDim: number,
): void {
  const hidden = config.size("hidden_size");
  const heads = config.size("num_attention_heads");
  const kvHeads = config.optional("num_key_value_heads") ?? heads;
  const bias = config.flag("attention_bias", false);
  const at = layer.scope("self_attn");
  const cut = "column";
  at.linear("q_proj", hidden, 2 * heads * headDim, { role: "q", bias, cut });
  at.linear("k_proj", hidden, kvHeads * headDim, { role: "k", bias, cut });
  at.linear("v_proj", hidden, kvHeads * headDim, { role: "v", bias, cut });
  at.linear("o_proj", heads * headDim, hidden, {
    role: "o",
    bias,
    cut: "row",
  });
  at.norm("q_norm", headDim);
  at.norm("k_norm", headDim);
}

function linearAttention(
  config: ConfigReader,
  layer: TensorScope,
  fused: boolean,
): void {
  const at = layer.scope("linear_attn");
  const delta = deltaOf(config);
  const { hidden, keys, values, valueHeads, valueDim } = delta;
  deltaCore(at, delta);
  const inputs: Record<string, number> = fused
    ? { in_proj_qkvz: 2 * (keys + values), in_proj_ba: 2 * valueHeads }
    : {
      in_proj_qkv: 2 * keys + values,
      in_proj_z: values,
      in_proj_b: valueHeads,
      in_proj_a: valueHeads,
    };
  deltaInputs(at, hidden, inputs);
  at.norm("norm", valueDim);
  at.linear("out_proj", values, hidden, { role: "ssm", cut: "row" });
}

function routed(
  config: ConfigReader,
  layer: TensorScope,
  hidden: number,
): void {
  withShared(
    expertTensors({
      countKeys: ["num_experts", "num_local_experts"],
      widthKeys: ["moe_intermediate_size"],
    }),
    {
      name: "mlp.shared_expert",
      width: (inner) => inner.size("shared_expert_intermediate_size"),
    },
  )(config, layer, hidden);
  layer.linear("mlp.shared_expert_gate", hidden, 1, { role: "router" });
}

/** Delta rules, and attention that is turned in part and gated. */
const DELTA: CodeParts = {
  layer: { norm: "gemma" },
  rotary: { kind: "part", share: 0.25 },
  attention: { gatesOutput: true },
  stateSpace: mixing("delta"),
};

/** Qwen3.5's, where each sequence has positions of its own. */
export const DELTA_3_5 = codePartsOf(DELTA, DELTA_CACHE, {
  rotary: { perSequence: true },
});

/** Qwen3.5's with experts behind a shared one. */
export const DELTA_3_5_MOE = codePartsOf(DELTA_3_5, NARROW_WEIGHTS, {
  experts: { sharedFirst: true },
});

/** The types of this file. */
export const QWEN3_NEXT_TYPES: FamilyTypes = {
  qwen3_next: ofType(
    causal(qwen3Next),
    GATED_NAMES,
    NARROW_WEIGHTS,
    SPANS_IN_TRANSFORMER,
    DELTA_CACHE,
    DELTA,
    { experts: { sharedFirst: true } },
  ),
  qwen3_5_text: ofType(causal(qwen35), DELTA_3_5),
  qwen3_5_moe_text: ofType(causal(qwen35Moe), DELTA_3_5_MOE),
};
