import { layersWhere } from "../tensors/layer_ranges.ts";
import type { LayerRange } from "../tensors/tensor.ts";

/** What of a stack of like modules a target takes: all, some layers, or none. */
export type Taken = "all" | "none" | readonly LayerRange[];

/**
 * Matches a path as PEFT matches names in a list: the whole path, or its end
 * after a dot. A number in the target picks a layer.
 */
export function takenByName(
  path: string,
  layers: readonly LayerRange[] | null,
  target: string,
): Taken {
  const keys = path.split(".");
  const wanted = target.split(".");
  if (wanted.length > keys.length) return "none";
  let layer: number | null = null;
  for (let back = 1; back <= wanted.length; back++) {
    const key = keys[keys.length - back];
    const want = wanted[wanted.length - back] ?? "";
    if (key === want) continue;
    if (key !== "N" || layers === null || !/^\d+$/.test(want)) return "none";
    layer = Number(want);
  }
  if (layer === null) return "all";
  return layers !== null && holds(layers, layer)
    ? [[layer, layer + 1, 1]]
    : "none";
}

/** Matches a path as PEFT matches a text: a regular expression for all of it. */
export function takenByPattern(
  path: string,
  layers: readonly LayerRange[] | null,
  pattern: RegExp,
): Taken {
  if (layers === null) return pattern.test(path) ? "all" : "none";
  const end = Math.max(0, ...layers.map(([, to]) => to));
  const taken = layersWhere(
    end,
    (layer) =>
      holds(layers, layer) &&
      pattern.test(path.replace(/(^|\.)N(?=\.|$)/, `$1${layer}`)),
  );
  return taken.length === 0 ? "none" : taken;
}

/** A pattern that has to match a whole path. */
export function wholePattern(text: string): RegExp {
  return new RegExp(`^(?:${text})$`, "u");
}

function holds(layers: readonly LayerRange[], layer: number): boolean {
  return layers.some(([from, to, step]) =>
    layer >= from && layer < to && (layer - from) % step === 0
  );
}
