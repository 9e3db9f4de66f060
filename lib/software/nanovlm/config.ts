import type { Model } from "../../models/model.ts";

/**
 * Whether images are written over placeholders, and blocks give keys and values
 * back: the code since the config counts an image's tokens.
 */
export function hasPlaceholders({ config }: Model): boolean {
  return typeof config?.["mp_image_token_length"] === "number";
}

/** Tokens of an image: patches, so many side by side. */
export function tokensOfImage(model: Model): number {
  const side = imageSide(model) / numberInConfig(model, "vit_patch_size", 16);
  const joins = numberInConfig(model, "mp_pixel_shuffle_factor", 2);
  return Math.floor(side / joins) ** 2;
}

/** Pixels of a side of an image. */
export function imageSide(model: Model): number {
  return numberInConfig(model, "vit_img_size", 224);
}

/** A number of the config. */
export function numberInConfig(
  { config }: Model,
  key: string,
  fallback: number,
): number {
  const value = config?.[key];
  return typeof value === "number" ? value : fallback;
}
