import type { Result } from "../scenario/parse_scenario.ts";
import { shown } from "../scenario/problem.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { CacheType } from "../scenario/sections/cache_type.ts";

/**
 * Bytes of an element of the cache, of an engine that keeps keys and values in one
 * type.
 *
 * @param types What the engine can keep, with the bytes of an element.
 * @returns The bytes; `auto` is the type of the weights.
 */
export function cacheElementBytes(
  { serve, precision }: Pick<Scenario, "serve" | "precision">,
  types: Partial<Record<CacheType, number>>,
): Result<number> {
  const { kv_dtype } = serve;
  if (kv_dtype === "auto") {
    return { ok: true, value: precision.weights === "fp32" ? 4 : 2 };
  }
  const bytes = typeof kv_dtype === "string" ? types[kv_dtype] : undefined;
  if (bytes !== undefined) return { ok: true, value: bytes };
  return {
    ok: false,
    problems: [{
      path: "serve.kv_dtype",
      message: `serve.kv_dtype must be one of auto, ${
        Object.keys(types).join(", ")
      } with ${serve.engine}: current value is ${shown(kv_dtype)}`,
    }],
  };
}
