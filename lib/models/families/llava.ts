import type { TensorScope } from "../tensors/tensor_scope.ts";
import { listOf, projectorLinears } from "./blocks_vision.ts";
import { numberOf } from "./code/setting.ts";
import { seeingAs, SQUARE } from "./code/sight.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { towerOf } from "./towers/mod.ts";
import type { Parts } from "./vision_language.ts";
import { projector, tower, visionLanguage } from "./vision_language.ts";

/**
 * LLaVA: any tower, two linears and any decoder. Pixtral too comes as one.
 *
 * Source: huggingface/transformers models/llava/modeling_llava.py
 */
export const llava = visionLanguage({
  language: "llama",
  ties: "either",
  sight: (parts, scope) => see(parts, scope, "clip_vision_model"),
});

/**
 * LLaVA-NeXT: LLaVA with images in tiles, between which a learned vector ends
 * the rows.
 *
 * Source: huggingface/transformers models/llava_next/modeling_llava_next.py
 */
export const llavaNext = visionLanguage({
  language: "llama",
  sight(parts, scope) {
    see(parts, scope, "clip_vision_model");
    newline(parts, scope);
  },
});

/**
 * LLaVA-NeXT-Video: LLaVA-NeXT that pools the patches of frames.
 *
 * Source: huggingface/transformers
 * models/llava_next_video/modeling_llava_next_video.py
 */
export const llavaNextVideo = visionLanguage({
  language: "llama",
  sight(parts, scope) {
    see(parts, scope, "clip_vision_model");
    newline(parts, scope);
    if (parts.config.text("spatial_pool_mode", "average") !== "conv") return;
    const { width } = towerOf(parts.vision, "clip_vision_model");
    const stride = parts.config.optional("spatial_pool_stride") ?? 2;
    projector(scope, "model.vision_resampler")
      .conv("pool", [width, width, stride, stride], { bias: true });
  },
});

/**
 * LLaVA-OneVision: LLaVA-NeXT with SigLIP and Qwen2.
 *
 * Source: huggingface/transformers
 * models/llava_onevision/modeling_llava_onevision.py
 */
export const llavaOnevision = visionLanguage({
  language: "qwen2",
  ties: "either",
  sight(parts, scope) {
    see(parts, scope, "siglip_vision_model");
    newline(parts, scope);
  },
});

/**
 * ViP-LLaVA: LLaVA that reads several layers of the tower, normed together.
 *
 * Source: huggingface/transformers models/vipllava/modeling_vipllava.py
 */
export const vipLlava = visionLanguage({
  language: "llama",
  sight({ config, vision, hidden }, scope) {
    const { declare, width } = towerOf(vision, "clip_vision_model");
    tower(declare, vision, scope);
    const key = "vision_feature_layer";
    const layers = listOf(config, key)?.length ?? (config.has(key) ? 1 : 5);
    const at = projector(scope);
    at.norm("projector_layernorm", width * layers, { bias: true });
    projectorLinears(at, { inputs: width * layers, hidden });
  },
});

/**
 * Video-LLaVA: LLaVA with one tower for images and one for frames.
 *
 * Source: huggingface/transformers models/video_llava/modeling_video_llava.py
 */
export const videoLlava = visionLanguage({
  language: "llama",
  sight: (parts, scope) =>
    see(parts, scope, "clip_vision_model", [
      "model.video_tower",
      "model.image_tower",
    ]),
});

function see(
  { config, vision, hidden }: Parts,
  scope: TensorScope,
  fallback: string,
  places: readonly string[] = ["model.vision_tower"],
): void {
  const { declare, width } = towerOf(vision, fallback);
  for (const place of places) tower(declare, vision, scope, place);
  const features = listOf(config, "vision_feature_layer")?.length ?? 1;
  projectorLinears(projector(scope), {
    inputs: width * features,
    hidden,
    bias: config.flag("multimodal_projector_bias", true),
  });
}

function newline({ hidden }: Parts, scope: TensorScope): void {
  projector(scope, "model").parameter("image_newline", [hidden], {
    role: "other",
  });
}

/** The types of this file. */
export const LLAVA_TYPES: FamilyTypes = {
  llava: ofType(llava, {
    sight: {
      ...SQUARE,
      anyDecoder: true,
      unread: (config) => {
        const layer = numberOf(config, [["vision_feature_layer"], -2]);
        return layer < 0 ? -1 - layer : 0;
      },
      finalNorm: false,
    },
  }),
  llava_next: ofType(llavaNext, { sight: seeingAs("llava_next", true) }),
  llava_next_video: ofType(llavaNextVideo),
  llava_onevision: ofType(llavaOnevision, {
    sight: seeingAs("llava_onevision", true),
  }),
  video_llava: ofType(videoLlava),
  vipllava: ofType(vipLlava),
};
