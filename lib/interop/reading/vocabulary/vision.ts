import { isObject } from "../../../scenario/fields.ts";
import { findModel } from "../../../models/catalogue.ts";
import type { Draft } from "../draft.ts";
import type { FileSettings, Rule } from "../format.ts";
import { countOf, switchOf } from "../rules.ts";
import { readSwitch } from "../values.ts";

/** A tool's switches that freeze parts of a vision-language model. */
export interface FreezeSwitches {
  tower: string;
  projector: string;
  language: string;
  /** What is frozen where a switch is left out. */
  byDefault: { tower: boolean; projector: boolean; language: boolean };
  /** Whether the tool trains adapters where nothing says so. */
  adaptersByDefault?: boolean;
}

/** Whether the catalogue knows a model, by what a draft states, as one that sees. */
export function isVisionModel(draft: Draft): boolean {
  const name = draft.stated.get("model")?.value;
  const config = typeof name === "string" ? findModel(name)?.config : null;
  return isObject(config?.["vision_config"]) ||
    isObject(config?.["vision_config_dict"]) ||
    /(?:_vl|vl_)/.test(String(config?.["model_type"] ?? ""));
}

/** What trains of a vision-language model that is trained whole. */
export function freezeRule(switches: FreezeSwitches): Rule {
  return {
    keys: [switches.tower, switches.projector, switches.language],
    fields: ["train.trainable"],
    values: "what is left of vision_tower, projector and the language model",
    read: (setting, draft, all) => {
      if (switchOf(setting, draft) === null) return;
      if (trainsAdapters(draft, switches)) {
        draft.leave(setting, "adapters train, whatever is frozen beside them");
      } else if (isVisionModel(draft)) {
        draft.state(setting, "train.trainable", partsOf(all, switches));
      } else draft.leave(setting, "the model is not known to see images");
    },
  };
}

/** Freezes what the tool freezes by itself, where no switch is given. */
export function assumeFrozen(
  draft: Draft,
  all: FileSettings,
  switches: FreezeSwitches,
): void {
  if (trainsAdapters(draft, switches) || !isVisionModel(draft)) return;
  draft.assume(
    "train.trainable",
    partsOf(all, switches),
    `${switches.tower} and its kin are left as they are`,
  );
}

function trainsAdapters(draft: Draft, switches: FreezeSwitches): boolean {
  return draft.facts.get("adapters")?.value as boolean | undefined ??
    switches.adaptersByDefault ?? false;
}

function partsOf(
  all: FileSettings,
  { tower, projector, language, byDefault }: FreezeSwitches,
): string[] | "all" {
  const frozen = {
    tower: readSwitch(all.get(tower)) ?? byDefault.tower,
    projector: readSwitch(all.get(projector)) ?? byDefault.projector,
    language: readSwitch(all.get(language)) ?? byDefault.language,
  };
  const parts = [
    ...frozen.language ? [] : ["language_model", "embeddings", "lm_head"],
    ...frozen.tower ? [] : ["vision_tower"],
    ...frozen.projector ? [] : ["projector"],
  ];
  return parts.length === 5 || parts.length === 0 ? "all" : parts;
}

/** Most pixels of an image: the sides of a square, and one image a sample. */
export function maxPixelsRule(...keys: string[]): Rule {
  return {
    keys,
    fields: [
      "train.image_max_pixels",
      "train.image_size",
      "train.images_per_sample",
    ],
    values:
      "pixels → the sides of a square, assumed; one image a sample, assumed",
    read: (setting, draft) => {
      const pixels = countOf(setting, draft);
      if (pixels === null) return;
      if (draft.stated.has("model") && !isVisionModel(draft)) {
        return draft.leave(setting, "the model is not known to see images");
      }
      const before = draft.stated.get("train.image_max_pixels");
      if (before && Number(before.value) !== pixels) {
        // An image is scaled to either limit: the lower one holds.
        if (Number(before.value) < pixels) {
          return draft.leave(setting, `${before.key} allows fewer`);
        }
        draft.stated.delete("train.image_max_pixels");
      }
      draft.state(setting, "train.image_max_pixels", pixels);
      const side = Math.max(1, Math.floor(Math.sqrt(pixels)));
      draft.assume(
        "train.image_size",
        [side, side],
        `${setting.key} allows a square of this side`,
      );
      assumeImage(draft, `${setting.key} is about images`);
    },
  };
}

/** The pixels that become one token of a model of the Qwen-VL kind. */
export function pixelsOfToken(draft: Draft): number | null {
  const name = draft.stated.get("model")?.value;
  const config = typeof name === "string" ? findModel(name)?.config : null;
  const tower = config?.["vision_config"];
  if (!isObject(tower)) return null;
  const { patch_size: patch, spatial_merge_size: merge = 2 } = tower;
  return typeof patch === "number" && typeof merge === "number"
    ? (patch * merge) ** 2
    : null;
}

/** Takes one image a sample, since a setting speaks of images. */
export function assumeImage(draft: Draft, why: string): void {
  draft.assume(
    "train.images_per_sample",
    1,
    `${why}, and no setting says how many a sample has: give their number`,
  );
}

/** Says of a model that sees that no image is counted, where nothing tells of any. */
export function remarkNoImages(draft: Draft): void {
  if (!isVisionModel(draft) || draft.assumed.has("train.images_per_sample")) {
    return;
  }
  draft.open(
    "train.images_per_sample",
    "0",
    "the model sees images, and no setting says that samples have any: give their number",
  );
}
