import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { sizeOr, twoLinears, vitAttention } from "./blocks_vision.ts";
import { seeingAs } from "./code/sight.ts";
import { GATED_NAMES, NARROW_WEIGHTS } from "./code/parts.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses, ofHeaders, ofType } from "./family.ts";
import { codeToWave, talker } from "./qwen3_omni_speech.ts";
import { qwen3OmniVision } from "./towers/qwen3_vl_vision.ts";
import { tower, visionLanguage } from "./vision_language.ts";

/**
 * What Qwen3-Omni thinks with: Qwen3-VL's tower, an encoder of sounds and
 * Qwen3-MoE.
 *
 * Source: huggingface/transformers models/qwen3_omni_moe/modeling_qwen3_omni_moe.py
 */
export const qwen3OmniThinker = visionLanguage({
  language: "qwen3_omni_moe_text",
  fixed: true,
  sight({ config, vision }, scope) {
    hearing(
      config.inner("audio_config"),
      scope.scope("model.audio_tower", "audio_tower"),
    );
    tower(qwen3OmniVision, vision, scope, "model.visual");
  },
});

/**
 * Qwen3-Omni: the thinker, and unless it only writes a talker whose codes
 * `code2wav` makes audible.
 *
 * Source: huggingface/transformers models/qwen3_omni_moe/modeling_qwen3_omni_moe.py
 */
export const qwen3Omni: Family = (config, scope) => {
  qwen3OmniThinker(config.inner("thinker_config"), scope.scope("thinker"));
  if (!config.flag("enable_audio_output", true)) return;
  talker(config.inner("talker_config"), scope.scope("talker", "audio_tower"));
  codeToWave(
    config.inner("code2wav_config"),
    scope.scope("code2wav", "audio_tower"),
  );
};

/** Three convolutions over a spectrogram, Whisper's layers, two linears. */
function hearing(config: ConfigReader, scope: TensorScope): void {
  const width = sizeOr(config, "d_model", 1280);
  const channels = sizeOr(config, "downsample_hidden_size", 480);
  let rows = sizeOr(config, "num_mel_bins", 128);
  for (const [at, inputs] of [1, channels, channels].entries()) {
    scope.conv(`conv2d${at + 1}`, [channels, inputs, 3, 3], { bias: true });
    rows = Math.ceil(rows / 2);
  }
  scope.linear("conv_out", channels * rows, width, { role: "other" });
  const layers = allLayers(sizeOr(config, "encoder_layers", 32));
  const layer = scope.layers("layers", layers);
  vitAttention(layer.scope("self_attn"), width);
  layer.norm("self_attn_layer_norm", width, { bias: true });
  twoLinears(layer, width, sizeOr(config, "encoder_ffn_dim", 5120));
  layer.norm("final_layer_norm", width, { bias: true });
  scope.norm("ln_post", width, { bias: true });
  const options = { role: "other", bias: true } as const;
  scope.linear("proj1", width, width, options);
  scope.linear("proj2", width, sizeOr(config, "output_dim", 3584), options);
}

/** The types of this file. */
export const QWEN3_OMNI_TYPES: FamilyTypes = {
  qwen3_omni_moe: ofClasses(qwen3Omni, GATED_NAMES, NARROW_WEIGHTS, {
    unplayed: UNPLAYED,
  }),
  qwen3_omni_moe_text: ofHeaders(GATED_NAMES, NARROW_WEIGHTS),
  qwen3_omni_moe_thinker: ofType(
    qwen3OmniThinker,
    GATED_NAMES,
    NARROW_WEIGHTS,
    { rotary: { perSequence: true }, sight: seeingAs("qwen3_vl") },
  ),
};
