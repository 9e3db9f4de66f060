import type { Config } from "../config.ts";
import type { SightCode, SightKind } from "../families/code/sight.ts";
import { visionConfig } from "../families/code/sight.ts";
import type { PixelLimits } from "./native.ts";
import { seenWhole } from "./native.ts";
import type { Seen, Sides } from "./seen.ts";
import { roundedEven } from "./seen.ts";
import { positive, sideOf } from "./seen_by.ts";

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
 * Qwen's videos. Tokens beside those of Qwen3-VL are a begin, an end and the time
 * as text, of seven tokens as a rule.
 *
 * Sources: huggingface/transformers 5.24.0
 * models/qwen2_vl/video_processing_qwen2_vl.py, Qwen2VLVideoProcessor;
 * models/qwen3_vl/video_processing_qwen3_vl.py, smart_resize;
 * models/qwen3_vl/processing_qwen3_vl.py, replace_video_token; limits of
 * Qwen/Qwen3-VL-8B-Instruct's video_preprocessor_config.json
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
};

/** Frames that become one layer of patches. */
const TEMPORAL = 2;

/** Whether videos of a kind of tower are known. */
export function seesVideos({ kind }: Pick<SightCode, "kind">): boolean {
  return kind in VIDEOS;
}

/**
 * What a processor makes of a video: each two frames are patches as of one image,
 * which look at each other alone. Null where the kind takes none.
 *
 * @param frames How many the processor takes, from 1; an odd one more is repeated.
 * @param given Least and most pixels, in the place of the processor's.
 */
export function seenVideo(
  { kind }: Pick<SightCode, "kind">,
  config: Config,
  size: Sides,
  frames: number,
  given: { readonly least: number | null; readonly most: number | null },
): Seen | null {
  const rule = VIDEOS[kind];
  if (!rule) return null;
  const vision = visionConfig(config);
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
