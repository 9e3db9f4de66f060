import type { Config } from "../config.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { attentionTensors, gatedMlp, headsOf } from "./blocks.ts";
import { rotaryBuffers, rotaryShare } from "./blocks_classic.ts";
import { attends, someLayers } from "./blocks_recent.ts";
import type { StateCache } from "./code/cache.ts";
import { numberOf } from "./code/setting.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/** Layers that repeat when the config does not say. */
const USUAL = ["recurrent", "recurrent", "attention"];

/**
 * RecurrentGemma (Griffin): linear recurrences with local attention in every
 * third layer.
 *
 * Source: huggingface/transformers
 * models/recurrent_gemma/modeling_recurrent_gemma.py
 */
export const recurrentGemma: Decoder = {
  prefix: "model",
  tied: true,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden } = heads;
    const given = config.texts("block_types");
    const types = given.length > 0 ? given : USUAL;
    const isFull = (layer: number) =>
      attends(types[layer % types.length] ?? "");
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const layer = scope.layers(
      "layers",
      allLayers(config.size("num_hidden_layers")),
    );
    layer.norm("temporal_pre_norm", hidden);
    layer.norm("channel_pre_norm", hidden);
    // The config counts gate and up as one.
    const intermediate = Math.floor(config.size("intermediate_size") / 2);
    gatedMlp(layer, hidden, intermediate, { name: "mlp_block", bias: true });
    const share = rotaryShare(config, "partial_rotary_factor", 0.5);
    someLayers(config, scope, isFull, (layer) => {
      attentionTensors(layer, heads, {
        name: "temporal_block",
        bias: config.flag("attention_bias", false),
        outputBias: true,
      });
      rotaryBuffers(
        layer.scope("temporal_block"),
        Math.floor(heads.headDim * share),
      );
    });
    someLayers(
      config,
      scope,
      (layer) => !isFull(layer),
      (layer) => recurrence(config, layer.scope("temporal_block"), hidden),
    );
    scope.norm("final_norm", hidden);
    scope.buffer("normalizer", [], 2);
  },
};

function recurrence(
  config: ConfigReader,
  at: TensorScope,
  hidden: number,
): void {
  const width = config.optional("lru_width") ?? hidden;
  const heads = config.size("num_attention_heads");
  const block = Math.floor(width / heads);
  const role = "ssm";
  for (const name of ["linear_y", "linear_x"]) {
    at.linear(name, hidden, width, { role, bias: true, cut: "column" });
  }
  at.linear("linear_out", width, hidden, { role, bias: true, cut: "row" });
  at.conv("conv_1d", [width, 1, config.optional("conv1d_width") ?? 4], {
    bias: true,
  });
  const unit = at.scope("rg_lru");
  unit.parameter("recurrent_param", [width], { role, split: 0 });
  for (const gate of ["input_gate", "recurrent_gate"]) {
    unit.parameter(`${gate}_weight`, [heads, block, block], { role, split: 0 });
    unit.parameter(`${gate}_bias`, [heads, block], { role, split: 0 });
  }
}

/** A convolution's inputs before the last token, and gated sums in fp32. */
function stateOf(text: Config): StateCache {
  const hidden = numberOf(text, [["hidden_size"], 0]);
  const width = numberOf(text, [["lru_width"], hidden]);
  const kernel = numberOf(text, [["conv1d_width"], 4]);
  return {
    kind: "state",
    of: "gated recurrence",
    convolution: [width, kernel - 1],
    state: [width],
    isWide: true,
    others: [],
  };
}

/** RecurrentGemma. */
export const RECURRENT_GEMMA_TYPES: FamilyTypes = {
  recurrent_gemma: ofType(causal(recurrentGemma), {
    cache: {
      window: 2048,
      state: stateOf,
      kinds: (text, layers) => {
        const turns = text["block_types"];
        const names = Array.isArray(turns) && turns.length > 0
          ? turns
          : ["recurrent", "recurrent", "attention"];
        return Array.from(
          { length: layers },
          (_, layer) =>
            names[layer % names.length] === "recurrent"
              ? "linear_attention"
              : "sliding_attention",
        );
      },
    },
  }),
};
