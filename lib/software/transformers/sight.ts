import { codeOfType } from "../../models/families/mod.ts";
import type { SightKind } from "../../models/families/code/sight.ts";
import { seenBy } from "../../models/images/seen_by.ts";
import type { SightOf, SightSource } from "../sight.ts";
import { glm4vSight } from "./sights/glm4v.ts";
import { llavaTilesSight } from "./sights/llava_tiles.ts";
import { idefics3Sight } from "./sights/idefics3.ts";
import { mistral3Sight } from "./sights/mistral3.ts";
import { internvlSight } from "./sights/internvl.ts";
import { plainSight } from "./sights/plain.ts";
import { qwen3VlSight } from "./sights/qwen3_vl.ts";
import type { KindSight } from "./sights/question.ts";

/** How models of transformers see, by kinds of towers. */
const SIGHTS: Partial<Record<SightKind, KindSight>> = {
  square: plainSight,
  qwen2_vl: plainSight,
  qwen3_vl: qwen3VlSight,
  glm4v: glm4vSight,
  internvl: internvlSight,
  llava_next: llavaTilesSight,
  llava_onevision: llavaTilesSight,
  mistral3: mistral3Sight,
  idefics3: idefics3Sight,
};

/** How a model of transformers sees, where its family is known. */
export const transformersSight: SightOf = (source) => {
  const { scenario: { train }, model } = source;
  const type = outerType(model);
  const code = codeOfType(type).sight;
  const config = model.config ?? {};
  const found = code && SIGHTS[code.kind]?.({
    ...source,
    code,
    config,
    images: train.micro_batch * train.images_per_sample,
    seen: seenBy(code, config, train.image_size),
  });
  return found ?? {
    reason: `images of models of type ${type} are not played through`,
  };
};

/** The type of the whole model, whatever its text part is. */
function outerType({ architecture, config }: SightSource["model"]): string {
  const type = config?.["model_type"];
  return typeof type === "string" ? type : architecture.type;
}
