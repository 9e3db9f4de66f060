import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { inLayers } from "./blocks_classic.ts";
import { sizeOr, twoLinears, vitAttention } from "./blocks_vision.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { projector, visionLanguage } from "./vision_language.ts";

/**
 * Fun-ASR Nano: an encoder with a memory of neighbouring frames beside its attention,
 * a projector with layers of its own, and Qwen3.
 *
 * Source: huggingface/transformers
 * models/fun_asr_nano/modeling_fun_asr_nano.py
 */
const funAsrNano = visionLanguage({
  language: "qwen3",
  tied: true,
  sight({ config, hidden }, scope) {
    const audio = config.inner("audio_config");
    encoder(audio, scope.scope("model.audio_tower", "audio_tower"));
    const own = config.inner("adaptor_config");
    const at = projector(scope);
    const middle = sizeOr(own, "projector_hidden_size", 2048);
    const options = { role: "projector", bias: true } as const;
    at.linear("linear_1", sizeOr(audio, "hidden_size", 512), middle, options);
    at.linear("linear_2", middle, hidden, options);
    const layer = at.layers(
      "layers",
      allLayers(sizeOr(own, "num_hidden_layers", 2)),
    );
    vitAttention(layer.scope("self_attn"), hidden, { output: "o_proj" });
    rest(layer, hidden, Math.floor(hidden / 4));
    layer.norm("input_layernorm", hidden, { bias: true });
  },
});

function encoder(config: ConfigReader, scope: TensorScope): void {
  const width = sizeOr(config, "hidden_size", 512);
  const count = sizeOr(config, "num_hidden_layers", 70);
  const read = sizeOr(config, "num_mel_bins", 80) *
    sizeOr(config, "num_stacked_frames", 7);
  const stamps = sizeOr(config, "num_timestamp_prediction_layers", 20);
  for (const isFirst of [true, false]) {
    const inputs = isFirst ? read : width;
    const which = layersWhere(count, (at) => (at === 0) === isFirst);
    inLayers(scope, "layers", which, (layer) => {
      const at = layer.scope("self_attn");
      for (const role of ["q", "k", "v"] as const) {
        at.linear(`${role}_proj`, inputs, width, {
          role,
          bias: true,
          cut: "column",
        });
      }
      layer.norm("input_layernorm", inputs, { bias: true });
    });
  }
  const layer = scope.layers("layers", allLayers(count));
  const at = layer.scope("self_attn");
  at.linear("o_proj", width, width, { role: "o", bias: true, cut: "row" });
  at.conv("fsmn.conv", [width, 1, sizeOr(config, "fsmn_kernel_size", 11)]);
  rest(layer, width, sizeOr(config, "intermediate_size", 2048));
  // What is written down, and what it is timed by, is normed once more.
  const ends = new Set([count - stamps - 1, count - 1]);
  inLayers(scope, "layers", layersWhere(count, (at) => ends.has(at)), (end) => {
    end.norm("final_layernorm", width, { bias: true });
  });
}

function rest(layer: TensorScope, width: number, intermediate: number): void {
  twoLinears(layer.scope("mlp"), width, intermediate);
  layer.norm("post_attention_layernorm", width, { bias: true });
}

/** The type of this file. */
export const FUN_ASR_TYPES: FamilyTypes = {
  fun_asr_nano: ofType(funAsrNano, { unplayed: UNPLAYED }),
};
