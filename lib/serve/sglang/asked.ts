import type { Config } from "../../models/config.ts";
import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { LayerCaches } from "../caches.ts";
import type { ServingQuestion } from "../engine.ts";

/** What of a scenario and its model decides SGLang's options. */
export interface SglangAsked {
  readonly tp: number;
  readonly pp: number;
  /** SglangOptions that are given; null is SGLang's own. */
  readonly chunk: number | null;
  readonly requests: number | null;
  /** Tokens of the pool at most: max_total_tokens. */
  readonly tokens: number | null;
  readonly fraction: number | null;
  readonly page: number | null;
  readonly graphs: boolean;
  readonly radix: boolean;
  readonly windowRatio: number;
  readonly draft: Scenario["serve"]["draft_model"];
  /** Whether attention is latent, and whether an indexer picks its tokens. */
  readonly isLatent: boolean;
  readonly isSparse: boolean;
  readonly isMultimodal: boolean;
  /** What a vision tower leaves of the fraction. */
  readonly towerFactor: number;
}

/** Tokens of windows by those of the full pool. */
const WINDOW_RATIO = 0.8;

/** Reads what SGLang is asked. */
export function askedOf(
  { scenario, mesh, model, caches }: ServingQuestion,
): SglangAsked {
  const { serve } = scenario;
  const isMultimodal = takesImages(model);
  return {
    tp: mesh.tp,
    pp: mesh.pp,
    chunk: serve.chunked_prefill_tokens,
    requests: serve.max_sequences ??
      (serve.draft_model === null ? null : REQUESTS_WITH_A_DRAFT),
    tokens: serve.cache_tokens,
    fraction: serve.memory_utilization,
    page: serve.block_size,
    graphs: serve.enforce_eager !== true,
    radix: serve.prefix_caching !== false,
    windowRatio: serve.swa_full_tokens_ratio ?? WINDOW_RATIO,
    draft: serve.draft_model,
    isLatent: keeps(caches, "latent"),
    isSparse: caches.groups.some(({ keeps }) =>
      keeps.some((part) => part.kind === "latent" && part.indexer > 0)
    ),
    isMultimodal,
    towerFactor: isMultimodal ? towerFactor(model.config ?? {}) : 1,
  };
}

/**
 * Requests that run at once where a draft model speculates and nothing is set.
 *
 * Source: sgl-project/sglang srt/arg_groups/speculative_hook.py
 */
const REQUESTS_WITH_A_DRAFT = 48;

function keeps({ groups }: LayerCaches, kind: "latent"): boolean {
  return groups.some(({ keeps }) => keeps.some((part) => part.kind === kind));
}

/** Types whose images are off unless --enable-multimodal is given. */
const WITHOUT_IMAGES = ["gemma3", "llama4", "step3_vl"];

/**
 * Whether images are taken, for which room is left.
 *
 * Source: sgl-project/sglang srt/configs/model_config.py, ModelConfig.__init__
 */
function takesImages({ architecture, config }: Model): boolean {
  const type = String(config?.["model_type"] ?? "");
  return architecture.vision !== null && !WITHOUT_IMAGES.includes(type);
}

/**
 * What is left of the fraction beside a vision tower: a twentieth less, and a tenth
 * more or less for each ViT-L that it is larger or smaller.
 *
 * Source: sgl-project/sglang srt/arg_groups/memory_hook.py,
 * adjust_mem_fraction_for_vlm
 */
function towerFactor(config: Config): number {
  const tower = config["vision_config"];
  if (typeof tower !== "object" || tower === null) return 1;
  const read = (key: string, usual: number): number => {
    const value = (tower as Record<string, unknown>)[key];
    return typeof value === "number" ? value : usual;
  };
  const size = read("num_hidden_layers", 24) * read("hidden_size", 1024) ** 2;
  const factor = 1 - 0.1 * (size / (24 * 1024 ** 2) - 1);
  return 0.95 * Math.max(0.8, Math.min(1.05, factor));
}
