import type { Scenario } from "../../scenario/schema.ts";
import { isFrom } from "../../scenario/version.ts";
import type { GrowingCode, PassCache, PassTokens } from "./pass_cache.ts";
import { dynamicCache, noCache, staticCache } from "./pass_cache.ts";

/** Which of transformers' caches keeps keys and values. */
export type KeptKind =
  /** None: each token runs all that came before again. */
  | { readonly kind: "none" }
  /** DynamicCache, as a release has it. */
  | ({ readonly kind: "dynamic" } & GrowingCode)
  /** StaticCache, with room for so many tokens of each sequence. */
  | { readonly kind: "static"; readonly room: number };

/** What a pass finds and leaves in a cache. */
export function passCache(kept: KeptKind, tokens: PassTokens): PassCache {
  switch (kept.kind) {
    case "none":
      return noCache(tokens);
    case "dynamic":
      return dynamicCache(tokens, kept);
    case "static":
      return staticCache(tokens, kept.room);
  }
}

/**
 * The cache that a scenario's generation has.
 *
 * Source: huggingface/transformers 4.42 generation/utils.py, which hands a
 * DynamicCache to the model; 4.56 cache_utils.py, DynamicSlidingWindowLayer
 */
export function keptKindOf(
  { serve, software }: Pick<Scenario, "serve" | "software">,
): KeptKind {
  if (!serve.kv_cache) return { kind: "none" };
  return serve.cache_tokens === null
    ? {
      kind: "dynamic",
      cutsWindows: isFrom(software.transformers, [4, 56]),
      holdsOld: !isFrom(software.transformers, [4, 42]),
    }
    : { kind: "static", room: serve.cache_tokens };
}
