import type { Model } from "../../models/model.ts";
import type { LayerCaches } from "../caches.ts";
import type { ServingGpu } from "../engine.ts";

/** Types whose windows have a pool of their own. */
const WINDOWED: ReadonlySet<string> = new Set([
  "gemma2",
  "gemma3",
  "gemma3_text",
  "gemma4",
  "gemma4_text",
  "gemma4_unified",
  "gpt_oss",
  "llama4",
  "llama4_text",
  "cohere2",
  "cohere2_moe",
  "mimo_v2_flash",
  "step3p5",
  "laguna",
]);
/** Types whose windows have none where attention is FlashAttention 3's. */
const NOT_ON_HOPPER = ["gemma3", "gemma3_text"];

/**
 * Whether layers with a window have a pool of their own, by ratio to the full one.
 * Others keep every token, whatever their window.
 *
 * Source: sgl-project/sglang 0.5.23 srt/configs/model_config.py,
 * is_hybrid_swa_model; srt/arg_groups/model_overrides/gemma2_gemma3.py
 */
export function poolsWindows(
  { architecture, config }: Model,
  { groups }: LayerCaches,
  { gpu }: ServingGpu,
): boolean {
  const type = String(config?.["model_type"] ?? architecture.type);
  if (!WINDOWED.has(type)) return false;
  const isHopper = gpu?.compute_capability === "9.0";
  if (isHopper && NOT_ON_HOPPER.includes(type)) return false;
  const kinds = new Set(
    groups.flatMap(({ keeps }) => keeps.map(({ kind }) => kind)),
  );
  return (kinds.has("window") || kinds.has("chunk")) && kinds.has("full");
}
