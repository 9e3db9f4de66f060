import type { Config } from "../config.ts";
import type { SightCode, SightKind } from "../families/code/sight.ts";
import { visionConfig } from "../families/code/sight.ts";
import type { PixelLimits } from "./native.ts";
import { seenWhole } from "./native.ts";
import type { Seen, Sides } from "./seen.ts";
import { roundedEven } from "./seen.ts";
import { positive, seenBy, sideOf } from "./seen_by.ts";

/** How a kind's processor takes a video. */
interface VideoRule {
  /** Pixels of a patch's side where the config does not say. */
  readonly patch: number;
  readonly limits: PixelLimits;
  /** Whether the limits are of all frames together, and not of each. */
  readonly together: boolean;
  /** Tokens beside the features: of the video, or of each two frames. */
  readonly others: number;
  readonly othersEach: number;
}

/**
 * Qwen's videos, and GLM-4V's. Tokens beside those of Qwen3-VL are a begin, an end
 * and the time as text, of seven tokens as a rule; GLM-4V's time is in seconds, of
 * two as a rule.
 *
 * Sources: huggingface/transformers 5.24.0
 * models/qwen2_vl/video_processing_qwen2_vl.py, Qwen2VLVideoProcessor;
 * models/qwen3_vl/video_processing_qwen3_vl.py, smart_resize;
 * models/qwen3_vl/processing_qwen3_vl.py, replace_video_token; limits of
 * Qwen/Qwen3-VL-8B-Instruct's video_preprocessor_config.json;
 * models/glm4v/video_processing_glm4v.py, Glm4vVideoProcessor;
 * models/glm4v/processing_glm4v.py, replace_video_token
 */
const VIDEOS: Partial<Record<SightKind, VideoRule>> = {
  qwen2_vl: {
    patch: 14,
    limits: { least: 128 * 28 ** 2, most: 768 * 28 ** 2 },
    together: false,
    others: 2,
    othersEach: 0,
  },
  qwen3_vl: {
    patch: 16,
    limits: { least: 4_096, most: 25_165_824 },
    together: true,
    others: 0,
    othersEach: 9,
  },
  glm4v: {
    patch: 14,
    limits: { least: 112 ** 2, most: 47_040_000 },
    together: true,
    others: 2,
    othersEach: 4,
  },
};

/** Tokens beside features, of a video and of each frame that is one tile. */
interface FrameRule {
  readonly others: number;
  readonly othersEach: number;
}

/**
 * Videos whose every frame is one tile, however large it is: its number or its time
 * as text stands before it, as many tokens as they have as a rule.
 *
 * Sources: huggingface/transformers 5.24.0
 * models/internvl/video_processing_internvl.py and processing_internvl.py;
 * models/smolvlm/video_processing_smolvlm.py and processing_smolvlm.py,
 * replace_video_token
 */
const FRAMES: Partial<Record<SightKind, FrameRule>> = {
  internvl: { others: 0, othersEach: 6 },
  idefics3: { others: 26, othersEach: 12 },
};

/** Frames that become one layer of patches. */
const TEMPORAL = 2;

/** Whether videos of a kind of tower are known. */
export function seesVideos({ kind }: Pick<SightCode, "kind">): boolean {
  return kind in VIDEOS || kind in FRAMES;
}

/**
 * What a processor makes of a video: each two frames are patches as of one image,
 * which look at each other alone, or each is a tile. Null where the kind takes none.
 *
 * @param frames How many the processor takes, from 1; an odd one more is repeated.
 * @param given Least and most pixels, in the place of the processor's.
 */
export function seenVideo(
  code: SightCode,
  config: Config,
  size: Sides,
  frames: number,
  given: { readonly least: number | null; readonly most: number | null },
): Seen | null {
  const { kind } = code;
  const vision = visionConfig(config);
  const tiles = FRAMES[kind];
  if (tiles) return seenByFrames(code, config, frames, tiles);
  const rule = VIDEOS[kind];
  if (!rule) return null;
  const layers = Math.ceil(frames / TEMPORAL);
  const least = given.least ?? rule.limits.least;
  const most = given.most ?? rule.limits.most;
  const seen = seenWhole(size, {
    patch: sideOf(vision["patch_size"], rule.patch),
    merge: positive(vision, "spatial_merge_size", 2),
    limits: { least: Math.min(least, most), most },
    frames: rule.together
      ? Math.max(1, roundedEven(frames / TEMPORAL)) * TEMPORAL
      : 1,
  });
  return {
    ...seen,
    others: rule.others / layers + rule.othersEach,
    layers,
  };
}

/** A video of so many tiles, each as the processor sees a whole image. */
function seenByFrames(
  code: SightCode,
  config: Config,
  frames: number,
  { others, othersEach }: FrameRule,
): Seen {
  // A square has one shape: its whole is seen, beside its tiles if there are any.
  const whole = seenBy(code, config, [1, 1]);
  return {
    ...whole,
    tiles: 1,
    tokens: whole.tokens / whole.tiles,
    others: others / frames + othersEach,
    layers: frames,
  };
}
