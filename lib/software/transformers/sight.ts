import type { SightKind } from "../../models/families/code/sight.ts";
import { imagesOf } from "../../models/images/images_of.ts";
import type { SightOf } from "../sight.ts";
import { gemma4Sight } from "./sights/gemma4.ts";
import { cohereSight } from "./sights/cohere.ts";
import { glm4vSight } from "./sights/glm4v.ts";
import { llama4Sight } from "./sights/llama4.ts";
import { lfm2VlSight } from "./sights/lfm2_vl.ts";
import { mllamaSight } from "./sights/mllama.ts";
import { llavaTilesSight } from "./sights/llava_tiles.ts";
import { idefics3Sight } from "./sights/idefics3.ts";
import { mistral3Sight } from "./sights/mistral3.ts";
import { internvlSight } from "./sights/internvl.ts";
import { paddleocrVlSight } from "./sights/paddleocr_vl.ts";
import { plainSight } from "./sights/plain.ts";
import { qwen3VlSight } from "./sights/qwen3_vl.ts";
import type { KindSight } from "./sights/question.ts";
import { unreadUntil } from "./sights/question.ts";

/** How models of transformers see, by kinds of towers. */
const SIGHTS: Partial<Record<SightKind, KindSight>> = {
  square: plainSight,
  qwen2_vl: plainSight,
  qwen3_vl: qwen3VlSight,
  gemma4: gemma4Sight,
  aya_vision: cohereSight,
  cohere2_vision: cohereSight,
  glm4v: glm4vSight,
  paddleocr_vl: paddleocrVlSight,
  internvl: internvlSight,
  llama4: llama4Sight,
  mllama: mllamaSight,
  llava_next: llavaTilesSight,
  llava_onevision: llavaTilesSight,
  mistral3: mistral3Sight,
  lighton_ocr: mistral3Sight,
  idefics3: idefics3Sight,
  lfm2_vl: lfm2VlSight,
};

/**
 * Kinds whose models put a joined copy of all images' features in, which a variable
 * of their body's holds; others put in what the tower's outputs have.
 */
const JOINS: ReadonlySet<SightKind> = new Set([
  "gemma4",
  "glm4v",
  "lfm2_vl",
  "lighton_ocr",
  "llava_next",
  "llava_onevision",
  "mistral3",
  "paddleocr_vl",
  "qwen3_vl",
]);

/** How a model of transformers sees, where its family is known. */
export const transformersSight: SightOf = (source) => {
  const { scenario, model } = source;
  const { train } = scenario;
  const images = imagesOf(scenario, model);
  const seen = images?.seen;
  const question = images && seen && {
    ...source,
    code: images.code,
    seen,
    config: model.config ?? {},
    images: train.micro_batch * train.images_per_sample * (seen.layers ?? 1),
  };
  const found = question && SIGHTS[question.code.kind]?.(question);
  if (found && JOINS.has(question.code.kind)) {
    // What a model gives back is its tower's, or before that the joined features.
    const joinedUntil = unreadUntil(question) === "body" ? "forward" : "body";
    return { ...found, sight: { ...found.sight, joinedUntil } };
  }
  return found ?? {
    reason: `${
      train.video_frames === 0 ? "images" : "videos"
    } of models of type ${model.architecture.type} are not played through`,
  };
};
