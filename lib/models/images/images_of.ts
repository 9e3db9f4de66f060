import type { Scenario } from "../../scenario/schema.ts";
import { codeOfType } from "../families/mod.ts";
import type { SightCode } from "../families/code/sight.ts";
import type { Model } from "../model.ts";
import type { Seen } from "./seen.ts";
import { seenBy } from "./seen_by.ts";

/** How a model's type sees, and what its processor makes of a scenario's image. */
export interface ImagesOf {
  readonly code: SightCode;
  readonly seen: Seen;
}

/** What a scenario's images are to a model; null of one that is known to see none. */
export function imagesOf(
  { train }: Pick<Scenario, "train">,
  { architecture, config }: Pick<Model, "architecture" | "config">,
): ImagesOf | null {
  const outer = config?.["model_type"];
  const type = typeof outer === "string" ? outer : architecture.type;
  const code = codeOfType(type).sight;
  return code && {
    code,
    seen: seenBy(code, config ?? {}, train.image_size, {
      least: train.image_min_pixels,
      most: train.image_max_pixels,
    }),
  };
}
