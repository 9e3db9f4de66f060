import type { CacheQuantizer } from "../../software/transformers/quantized_cache.ts";
import { quantizedBytes } from "../../software/transformers/quantized_cache.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { isFrom } from "../../scenario/version.ts";
import type { GrowingCode, PassCache, PassTokens } from "./pass_cache.ts";
import {
  dynamicCache,
  narrowCache,
  noCache,
  staticCache,
} from "./pass_cache.ts";

/** Which of transformers' caches keeps keys and values. */
export type CacheChoice =
  /** None: each token runs all that came before again. */
  | { readonly kind: "none" }
  /** DynamicCache, as a release has it. */
  | ({ readonly kind: "dynamic" } & GrowingCode)
  /** QuantizedCache. */
  | { readonly kind: "quantized"; readonly how: CacheQuantizer }
  /** StaticCache, with room for so many tokens of each sequence. */
  | {
    readonly kind: "static";
    readonly room: number;
    /** Numbers that share a scale where it is in 8 bits; null where it is not. */
    readonly scaled: number | null;
  };

/** What a pass finds and leaves in a cache. */
export function passCache(kept: CacheChoice, tokens: PassTokens): PassCache {
  switch (kept.kind) {
    case "none":
      return noCache(tokens);
    case "dynamic":
      return dynamicCache(tokens, kept);
    case "quantized":
      return narrowCache(tokens, kept.how);
    case "static":
      return staticCache(tokens, kept);
  }
}

/**
 * The cache that a scenario's generation has.
 *
 * Source: huggingface/transformers 4.42 generation/utils.py, which hands a
 * DynamicCache to the model; 4.56 cache_utils.py, DynamicSlidingWindowLayer
 *
 * @param headWidth Features of a head.
 */
export function cacheChoiceOf(
  { serve, software }: Pick<Scenario, "serve" | "software">,
  headWidth: number,
): CacheChoice {
  if (!serve.kv_cache) return { kind: "none" };
  const room = roomOf(serve, software);
  const how = serve.kv_dtype;
  if (room === null && (how === "fp8" || how === "int8")) {
    return { kind: "quantized", how };
  }
  return room === null
    ? {
      kind: "dynamic",
      cutsWindows: isFrom(software.transformers, [4, 56]),
      holdsOld: !isFrom(software.transformers, [4, 42]),
    }
    : {
      kind: "static",
      room,
      scaled: how === "int8" && software.model_code === "gpt-fast"
        ? headWidth
        : null,
    };
}

/** Tokens that a cache which stands has room for; null where it grows. */
function roomOf(
  { cache_tokens: room, input_tokens, output_tokens }: Scenario["serve"],
  { model_code }: Scenario["software"],
): number | null {
  if (room !== null || model_code === "transformers") return room;
  return input_tokens + Math.max(1, output_tokens);
}

/** Bytes of a number in a cache, its share of scales and zeros among them. */
export function numberBytes(
  kept: CacheChoice,
  { precision }: Pick<Scenario, "precision">,
): number {
  if (kept.kind === "quantized") return quantizedBytes(kept.how, 64) / 64;
  return kept.kind === "static" && kept.scaled !== null
    ? 1 + 2 / kept.scaled
    : DTYPE_BYTES[precision.weights];
}
