import type { StepKind } from "../methods/step_kind.ts";
import { settingsIn } from "../methods/step_kind.ts";

/** What kinds of steps were compared with a trace or a measured run. */
export interface TracedKinds {
  /** Every setting that a kind names, of types first. */
  settings: string[];
  /** Sets of settings by type and method; numbers are lines of `settings`. */
  types: Record<string, Partial<Record<StepKind["method"], number[][]>>>;
}

/** Gathers kinds, each set of settings once. */
export function tracedKindsOf(kinds: readonly StepKind[]): TracedKinds {
  const settings = [
    ...new Set(kinds.flatMap((kind) => kind.settings)),
    ...new Set(kinds.flatMap((kind) => kind.extras)),
    ...new Set(kinds.flatMap(({ spread = [] }) => spread)),
  ];
  const types: TracedKinds["types"] = {};
  const ordered = kinds.toSorted((a, b) => a.type < b.type ? -1 : 1);
  for (const { type, method, ...kind } of ordered) {
    const own = (types[type] ??= {})[method] ??= [];
    const numbers = settingsIn(kind)
      .map((text) => settings.indexOf(text)).sort((a, b) => a - b);
    if (!own.some((set) => `${set}` === `${numbers}`)) own.push(numbers);
  }
  return { settings, types };
}

/** What of a kind was not compared with anything. */
export interface Untraced {
  readonly of: "type" | "method" | "settings";
  readonly settings: readonly string[];
}

/** How far a kind is backed: itself, each of its settings, or not. */
export function tracingOf(
  { type, method, settings, extras, spread = [] }: StepKind,
  traced: TracedKinds,
): "exact" | "each setting" | Untraced {
  const methods = traced.types[type];
  if (!methods) return { of: "type", settings: [] };
  const own = methods[method];
  if (!own) return { of: "method", settings: [] };
  const numbers = settingsIn({ settings, extras, spread })
    .map((text) => traced.settings.indexOf(text)).sort((a, b) => a - b);
  if (own.some((set) => `${set}` === `${numbers}`)) return "exact";
  const seen = new Set(own.flat());
  const anywhere = new Set(
    Object.values(traced.types).flatMap((of) => of[method] ?? []).flat(),
  );
  const isNew = (among: Set<number>) => (text: string) =>
    !among.has(traced.settings.indexOf(text));
  const missing = [
    ...settings.filter(isNew(seen)),
    ...extras.filter(isNew(anywhere)),
    ...spread.filter(isNew(anywhere)),
  ];
  return missing.length === 0
    ? "each setting"
    : { of: "settings", settings: missing };
}
