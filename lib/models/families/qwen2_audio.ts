import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { sizeOr, twoLinears } from "./blocks_vision.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { projector, visionLanguage } from "./vision_language.ts";

/**
 * Qwen2-Audio: Whisper's encoder, one linear and Qwen2 with a head of its own.
 *
 * Source: huggingface/transformers models/qwen2_audio/modeling_qwen2_audio.py
 */
export const qwen2Audio = visionLanguage({
  language: "qwen2",
  ties: "never",
  sight({ config, hidden }, scope) {
    const audio = config.inner("audio_config");
    const width = sizeOr(audio, "d_model", 1280);
    encoder(audio, scope.scope("model.audio_tower", "audio_tower"), width);
    projector(scope).linear("linear", width, hidden, {
      role: "projector",
      bias: true,
    });
  },
});

function encoder(
  config: ConfigReader,
  scope: TensorScope,
  width: number,
): void {
  const mels = sizeOr(config, "num_mel_bins", 128);
  scope.conv("conv1", [width, mels, 3], { bias: true });
  scope.conv("conv2", [width, width, 3], { bias: true });
  const positions = sizeOr(config, "max_source_positions", 1500);
  scope.embedding("embed_positions", positions, width, "position");
  const layers = allLayers(sizeOr(config, "encoder_layers", 32));
  const layer = scope.layers("layers", layers);
  const attention = layer.scope("self_attn");
  for (const role of ["k", "v", "q"] as const) {
    attention.linear(`${role}_proj`, width, width, {
      role,
      bias: role !== "k",
      cut: "column",
    });
  }
  attention.linear("out_proj", width, width, {
    role: "o",
    bias: true,
    cut: "row",
  });
  layer.norm("self_attn_layer_norm", width, { bias: true });
  twoLinears(layer, width, sizeOr(config, "encoder_ffn_dim", 5120));
  layer.norm("final_layer_norm", width, { bias: true });
  scope.norm("layer_norm", width, { bias: true });
}

/** Qwen2-Audio. */
export const QWEN2_AUDIO_TYPES: FamilyTypes = {
  qwen2_audio: ofType(qwen2Audio, { loss: { shifts: true } }),
};
