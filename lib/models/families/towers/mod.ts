import type { ConfigReader } from "../../tensors/config_reader.ts";
import { sizeOr } from "../blocks_vision.ts";
import { clipTower } from "./clip.ts";
import { idefics3Vision } from "./idefics_vision.ts";
import { internvlVision } from "./internvl_vision.ts";
import { pixtralTower } from "./pixtral.ts";
import { siglipTower } from "./siglip.ts";
import type { TowerFamily } from "./tower.ts";

/** A tower that goes with any language model. */
export interface FreeTower {
  declare: TowerFamily;
  /** Its width when the config does not say. */
  width: number;
}

/** Towers by the `model_type` of their `vision_config`. */
export const TOWERS: Readonly<Record<string, FreeTower>> = {
  clip_vision_model: { declare: clipTower, width: 768 },
  siglip_vision_model: { declare: siglipTower, width: 768 },
  pixtral: { declare: pixtralTower, width: 1024 },
  idefics3_vision: { declare: idefics3Vision, width: 1152 },
  smolvlm_vision: { declare: idefics3Vision, width: 1152 },
  internvl_vision: { declare: internvlVision, width: 1024 },
};

/** The tower that a `vision_config` asks for, and its width. */
export function towerOf(
  vision: ConfigReader,
  fallback: string,
): { declare: TowerFamily; width: number } {
  const type = vision.text("model_type", fallback);
  const tower = TOWERS[type] ?? TOWERS[fallback];
  if (!Object.hasOwn(TOWERS, type)) {
    vision.problems.push({
      path: "model",
      message: `model.config.vision_config.model_type must be one of ${
        Object.keys(TOWERS).join(", ")
      }: current value is "${type}"`,
    });
  }
  return {
    declare: tower?.declare ?? (() => {}),
    width: sizeOr(vision, "hidden_size", tower?.width ?? 1),
  };
}
