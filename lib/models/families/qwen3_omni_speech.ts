import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { attentionTensors, gatedMlp, headsOf } from "./blocks.ts";
import { listOf, sizeOr } from "./blocks_vision.ts";
import { ConfigWithDefaults } from "./config_with_defaults.ts";
import { qwen3Layers, qwen3MoeLayers } from "./qwen3.ts";

const TALKER = {
  vocab_size: 3072,
  hidden_size: 1024,
  intermediate_size: 2048,
  num_hidden_layers: 20,
  num_attention_heads: 16,
  num_key_value_heads: 2,
  moe_intermediate_size: 384,
  num_experts: 128,
};
const PREDICTOR = {
  vocab_size: 2048,
  hidden_size: 1024,
  intermediate_size: 3072,
  num_hidden_layers: 5,
  num_attention_heads: 16,
  num_key_value_heads: 8,
  head_dim: 128,
};
const WAVES = {
  hidden_size: 1024,
  intermediate_size: 3072,
  num_hidden_layers: 8,
  num_attention_heads: 16,
  num_key_value_heads: 16,
};

/**
 * What speaks for Qwen3-Omni: Qwen3-MoE over codes of sounds with a shared expert,
 * and a small Qwen3 that predicts a frame's other codes.
 *
 * Source: huggingface/transformers models/qwen3_omni_moe/modeling_qwen3_omni_moe.py,
 * Qwen3OmniMoeTalkerForConditionalGeneration
 */
export function talker(config: ConfigReader, scope: TensorScope): void {
  const text = within(config, "text_config", TALKER);
  const hidden = text.size("hidden_size");
  const codes = text.size("vocab_size");
  const body = scope.scope("model");
  body.embedding("codec_embedding", codes, hidden, "other");
  qwen3MoeLayers(text, body);
  const layers = allLayers(text.size("num_hidden_layers"));
  const layer = body.layers("layers", layers);
  const given = text.optional("shared_expert_intermediate_size");
  if (given === null) {
    text.doubt(
      "model.config.talker_config.text_config has no shared_expert_intermediate_size, for which its class has no default: the shared expert is taken to be as wide as the others",
    );
  }
  const shared = given ?? text.size("moe_intermediate_size");
  gatedMlp(layer, hidden, shared, { name: "mlp.shared_expert" });
  layer.linear("mlp.shared_expert_gate", hidden, 1, { role: "router" });
  const thought = sizeOr(config, "thinker_hidden_size", 2048);
  for (const name of ["text_projection", "hidden_projection"]) {
    const options = { role: "projector", bias: true } as const;
    scope.linear(`${name}.linear_fc1`, thought, thought, options);
    scope.linear(`${name}.linear_fc2`, thought, hidden, options);
  }
  scope.linear("codec_head", hidden, codes, { role: "other" });
  predictor(config, scope.scope("code_predictor"));
}

function within(
  config: ConfigReader,
  key: string,
  defaults: Readonly<Record<string, number>>,
): ConfigReader {
  const path = `model.config.talker_config.${key}`;
  return new ConfigWithDefaults(config.inner(key), defaults, path);
}

/** Has an embedding and a head for each further code of a frame. */
function predictor(config: ConfigReader, scope: TensorScope): void {
  const inner = within(config, "code_predictor_config", PREDICTOR);
  const hidden = inner.size("hidden_size");
  const rows = inner.size("vocab_size");
  const groups = inner.optional("num_code_groups") ??
    sizeOr(config, "num_code_groups", 32);
  const further = allLayers(Math.max(0, groups - 1));
  const body = scope.scope("model");
  qwen3Layers(inner, body);
  body.layers("codec_embedding", further).parameter("weight", [rows, hidden], {
    role: "other",
  });
  scope.layers("lm_head", further).parameter("weight", [rows, hidden], {
    role: "other",
  });
}

/**
 * Makes sounds of codes: a transformer over frames, two steps of upsampling, and
 * convolutions that double samples down to a wave.
 *
 * Source: huggingface/transformers models/qwen3_omni_moe/modeling_qwen3_omni_moe.py,
 * Qwen3OmniMoeCode2Wav
 */
export function codeToWave(given: ConfigReader, scope: TensorScope): void {
  const config = new ConfigWithDefaults(
    given,
    WAVES,
    "model.config.code2wav_config",
  );
  const hidden = config.size("hidden_size");
  const body = scope.scope("pre_transformer");
  const layers = allLayers(config.size("num_hidden_layers"));
  const layer = body.layers("layers", layers);
  attentionTensors(layer, headsOf(config), {
    bias: config.flag("attention_bias", false),
  });
  gatedMlp(layer, hidden, config.size("intermediate_size"));
  for (const name of ["input_layernorm", "post_attention_layernorm"]) {
    layer.norm(name, hidden);
  }
  for (const name of ["self_attn_layer_scale", "mlp_layer_scale"]) {
    layer.parameter(`${name}.scale`, [hidden], { role: "other" });
  }
  body.norm("norm", hidden);
  const codes = sizeOr(config, "codebook_size", 2048) *
    sizeOr(config, "num_quantizers", 16);
  scope.embedding("code_embedding", codes, hidden, "other");
  const ratios = listOf(config, "upsampling_ratios") ?? [2, 2];
  for (const [at, ratio] of ratios.entries()) {
    upsampling(scope.scope(`upsample.${at}`), hidden, ratio);
  }
  waves(config, scope.scope("decoder"), hidden);
}

/** A transposed convolution and a block of ConvNeXt. */
function upsampling(scope: TensorScope, hidden: number, ratio: number): void {
  scope.conv("0.conv", [hidden, hidden, ratio], { bias: true });
  const block = scope.scope("1");
  block.parameter("gamma", [hidden], { role: "other" });
  block.conv("dwconv.conv", [hidden, 1, 7], { bias: true });
  block.norm("norm", hidden, { bias: true });
  block.linear("pwconv1", hidden, 4 * hidden, { role: "other", bias: true });
  block.linear("pwconv2", 4 * hidden, hidden, { role: "other", bias: true });
}

/** Blocks that halve channels, each with three residual units. */
function waves(
  config: ConfigReader,
  scope: TensorScope,
  hidden: number,
): void {
  let width = sizeOr(config, "decoder_dim", 1536);
  scope.conv("0.conv", [width, hidden, 7], { bias: true });
  const rates = listOf(config, "upsample_rates") ?? [8, 5, 4, 3];
  for (const [at, rate] of rates.entries()) {
    const block = scope.scope(`${at + 1}.block`);
    const half = Math.floor(width / 2);
    snake(block, "0", width);
    block.conv("1.conv", [width, half, 2 * rate]);
    // A transposed convolution's biases are as many as its outputs.
    block.parameter("1.conv.bias", [half], { role: "conv" });
    for (const unit of [2, 3, 4]) {
      const inner = block.scope(String(unit));
      for (const [which, kernel] of [[1, 7], [2, 1]] as const) {
        snake(inner, `act${which}`, half);
        inner.conv(`conv${which}.conv`, [half, half, kernel], { bias: true });
      }
    }
    width = half;
  }
  snake(scope, String(rates.length + 1), width);
  scope.conv(`${rates.length + 2}.conv`, [1, width, 7], { bias: true });
}

/** Two numbers a channel of a periodic activation. */
function snake(scope: TensorScope, name: string, channels: number): void {
  scope.parameter(`${name}.alpha`, [channels], { role: "other" });
  scope.parameter(`${name}.beta`, [channels], { role: "other" });
}
