import { withClasses } from "../heads/with_classes.ts";
import { ayaVision, cohere2Vision } from "./aya_vision.ts";
import { blip2 } from "./blip2.ts";
import { clip, siglip } from "./clip.ts";
import type { Family } from "./family.ts";
import { glm4v, glm4vMoe, glmOcr } from "./glm4v.ts";
import { gotOcr2 } from "./got_ocr2.ts";
import { idefics2, idefics3 } from "./idefics.ts";
import { internvl } from "./internvl.ts";
import { llama4 } from "./llama4.ts";
import {
  llava,
  llavaNext,
  llavaNextVideo,
  llavaOnevision,
  videoLlava,
  vipLlava,
} from "./llava.ts";
import { lightonOcr, mistral3 } from "./mistral3.ts";
import { mllama } from "./mllama.ts";
import { mllamaCausal } from "./mllama_text.ts";
import { gemma3, paligemma } from "./paligemma.ts";
import { nanovlm } from "./nanovlm.ts";
import { BLIP2_CLASSES, IMAGE_CLASSES } from "./tower_classes.ts";
import { qwen2Audio } from "./qwen2_audio.ts";
import { exaone45, qwen25Vl, qwen2Vl, qwen3Vl, qwen3VlMoe } from "./qwen_vl.ts";

/** Towers without a decoder, or with one that is whole. */
export const TOWERS: Readonly<Record<string, Family>> = {
  "blip-2": withClasses(blip2, BLIP2_CLASSES),
  clip: withClasses(clip, IMAGE_CLASSES),
  siglip: withClasses(siglip, IMAGE_CLASSES),
};

/** Vision-language models. */
export const VISION: Readonly<Record<string, Family>> = {
  aya_vision: ayaVision,
  cohere2_vision: cohere2Vision,
  gemma3,
  exaone4_5: exaone45,
  glm4v,
  glm4v_moe: glm4vMoe,
  glm_ocr: glmOcr,
  got_ocr2: gotOcr2,
  idefics2,
  idefics3,
  internvl,
  lighton_ocr: lightonOcr,
  llama4,
  llava,
  llava_next: llavaNext,
  llava_next_video: llavaNextVideo,
  llava_onevision: llavaOnevision,
  mistral3,
  mllama,
  mllama_text_model: mllamaCausal,
  nanovlm,
  paligemma,
  qwen2_audio: qwen2Audio,
  qwen2_5_vl: qwen25Vl,
  qwen2_vl: qwen2Vl,
  qwen3_vl: qwen3Vl,
  qwen3_vl_moe: qwen3VlMoe,
  smolvlm: idefics3,
  video_llava: videoLlava,
  vipllava: vipLlava,
};
