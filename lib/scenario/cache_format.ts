import type { Scenario } from "./schema.ts";
import type { CacheType } from "./sections/cache_type.ts";

/**
 * The type that a whole cache is in. Keys and values in a type each are not told
 * apart yet: such a cache is taken to be of the usual type.
 */
export function cacheFormat({ serve }: Scenario): CacheType {
  return typeof serve.kv_dtype === "string" ? serve.kv_dtype : "auto";
}
