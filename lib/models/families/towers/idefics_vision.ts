import { plainSiglip } from "./siglip.ts";
import type { TowerFamily } from "./tower.ts";

/**
 * Idefics2's vision transformer: SigLIP's.
 *
 * Source: huggingface/transformers models/idefics2/modeling_idefics2.py
 */
export const idefics2Vision: TowerFamily = (config, scope) =>
  plainSiglip(config, scope, { width: 768, image: 224, patch: 32 });

/**
 * Idefics3's and SmolVLM's: the same, of another default width.
 *
 * Source: huggingface/transformers models/idefics3/modeling_idefics3.py
 */
export const idefics3Vision: TowerFamily = (config, scope) =>
  plainSiglip(config, scope, { width: 1152, image: 224, patch: 32 });
