import type { Scenario } from "./schema.ts";
import type { CacheType } from "./sections/cache_type.ts";

/**
 * The type that a whole cache is in, where an engine does not tell keys and values
 * apart: such a pair is taken to be of the usual type.
 */
export function cacheFormat({ serve }: Pick<Scenario, "serve">): CacheType {
  return typeof serve.kv_dtype === "string" ? serve.kv_dtype : "auto";
}

/** The types of a cache's keys and values. */
export function cacheTypes(
  { serve }: Pick<Scenario, "serve">,
): { readonly k: CacheType; readonly v: CacheType } {
  const { kv_dtype } = serve;
  return typeof kv_dtype === "string" ? { k: kv_dtype, v: kv_dtype } : kv_dtype;
}
