import type { Scenario } from "../../scenario/schema.ts";
import { codeOfType } from "../families/mod.ts";
import type { SightCode } from "../families/code/sight.ts";
import type { Model } from "../model.ts";
import type { Seen } from "./seen.ts";
import { seenBy } from "./seen_by.ts";
import { seenVideo } from "./video.ts";

/** How a model's type sees, and what its processor makes of a scenario's image. */
export interface ImagesOf {
  readonly code: SightCode;
  /** Null of videos that nobody knows. */
  readonly seen: Seen | null;
}

/** What a scenario's images are to a model; null of one that is known to see none. */
export function imagesOf(
  { train }: Pick<Scenario, "train">,
  { architecture, config }: Pick<Model, "architecture" | "config">,
): ImagesOf | null {
  const outer = config?.["model_type"];
  const type = typeof outer === "string" ? outer : architecture.type;
  const code = codeOfType(type).sight;
  if (code === null) return null;
  const { image_size, image_min_pixels, image_max_pixels, video_frames } =
    train;
  const limits = { least: image_min_pixels, most: image_max_pixels };
  const seen = video_frames === 0
    ? seenBy(code, config ?? {}, image_size, limits)
    : seenVideo(code, config ?? {}, image_size, video_frames, limits);
  return { code, seen };
}
