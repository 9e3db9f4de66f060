import type { Scenario } from "../../scenario/schema.ts";
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

/** The cache that a scenario's generation has. */
export function keptKindOf({ serve }: Pick<Scenario, "serve">): KeptKind {
  if (!serve.kv_cache) return { kind: "none" };
  return serve.cache_tokens === null
    ? { kind: "dynamic" }
    : { kind: "static", room: serve.cache_tokens };
}
