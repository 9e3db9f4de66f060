import type { Config } from "../../config.ts";

/** A fact of a type, or how its config.json tells it. */
export type ByConfig<T> = T | ((config: Config) => T);

/** Keys of a config, first found wins, and what holds where none is there. */
export type Setting<T = number> = readonly [
  keys: readonly string[],
  fallback: T,
];

/** The number under the first of a setting's keys that has one. */
export function numberOf(config: Config, [keys, fallback]: Setting): number {
  for (const key of keys) {
    const value = config[key];
    if (typeof value === "number") return value;
  }
  return fallback;
}

/** The text under the first of a setting's keys that has one. */
export function textOf(
  config: Config,
  [keys, fallback]: Setting<string>,
): string {
  const stated = keys.map((key) => config[key]).find((value) =>
    typeof value === "string"
  );
  return typeof stated === "string" ? stated : fallback;
}

/** A fact as a config tells it. */
export function told<T>(fact: ByConfig<T>, config: Config): T {
  return typeof fact === "function"
    ? (fact as (config: Config) => T)(config)
    : fact;
}
