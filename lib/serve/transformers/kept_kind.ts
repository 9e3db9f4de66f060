import type { PassCache, PassTokens } from "./pass_cache.ts";
import { dynamicCache, noCache, staticCache } from "./pass_cache.ts";

/** Which of transformers' caches keeps keys and values. */
export type KeptKind =
  /** None: each token runs all that came before again. */
  | { readonly kind: "none" }
  /** DynamicCache. */
  | { readonly kind: "dynamic" }
  /** StaticCache, with room for so many tokens of each sequence. */
  | { readonly kind: "static"; readonly room: number };

/** What a pass finds and leaves in a cache. */
export function passCache(kept: KeptKind, tokens: PassTokens): PassCache {
  switch (kept.kind) {
    case "none":
      return noCache(tokens);
    case "dynamic":
      return dynamicCache(tokens);
    case "static":
      return staticCache(tokens, kept.room);
  }
}
