import { layersWhere } from "../tensors/layer_ranges.ts";
import type { LayerRange } from "../tensors/tensor.ts";

/** What of a stack of like modules a target takes: all, some layers, or none. */
export type Taken = "all" | "none" | readonly LayerRange[];

type Layers = readonly LayerRange[] | null;

/**
 * Matches a path as PEFT matches names in a list: the whole path, or its end
 * after a dot. A number in the target picks a layer.
 */
export function takenByName(
  path: string,
  layers: Layers,
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

/** Matches a path by each name of a list. */
export function takenByNames(
  path: string,
  layers: Layers,
  names: readonly string[],
): Taken {
  const found = names.map((name) => takenByName(path, layers, name));
  if (found.includes("all")) return "all";
  return some(found.flatMap((taken) => typeof taken === "string" ? [] : taken));
}

/** Matches a path as PEFT matches a text: a regular expression for all of it. */
export function takenByPattern(
  path: string,
  layers: Layers,
  pattern: RegExp,
): Taken {
  if (layers === null) return pattern.test(path) ? "all" : "none";
  const end = Math.max(0, ...layers.map(([, to]) => to));
  return some(layersWhere(
    end,
    (layer) =>
      holds(layers, layer) &&
      pattern.test(atLayer(path, layer)),
  ));
}

/** What is left of what was taken when some of it is left out. */
export function without(layers: Layers, taken: Taken, left: Taken): Taken {
  if (taken === "none" || left === "none") return taken;
  if (left === "all") return "none";
  const from = taken === "all" ? layers ?? [] : taken;
  const end = Math.max(0, ...from.map(([, to]) => to));
  return some(layersWhere(
    end,
    (layer) => holds(from, layer) && !holds(left, layer),
  ));
}

/** The layers of a stack that were taken. */
export function layersOf(layers: Layers, taken: Taken): Layers {
  if (taken === "all") return layers;
  return taken === "none" ? [] : taken;
}

/** Whether two stacks of layers have one in common; null stands for no stack. */
export function meet(one: Layers, other: Layers): boolean {
  if (one === null || other === null) return true;
  return one.some(([from, to, step]) => {
    for (let layer = from; layer < to; layer += step) {
      if (holds(other, layer)) return true;
    }
    return false;
  });
}

/** A path with the number of a layer in place of N. */
export function atLayer(path: string, layer: number): string {
  return path.replace(/(^|\.)N(?=\.|$)/, `$1${layer}`);
}

/** A pattern that has to match a whole path. */
export function wholePattern(text: string): RegExp {
  return new RegExp(`^(?:${text})$`, "u");
}

/** A name as part of a pattern. */
export function literally(name: string): string {
  return name.replaceAll(/[.\\^$*+?()[\]{}|/-]/g, "\\$&");
}

function holds(layers: readonly LayerRange[], layer: number): boolean {
  return layers.some(([from, to, step]) =>
    layer >= from && layer < to && (layer - from) % step === 0
  );
}

/** Ranges that may overlap as ones that do not. */
function some(layers: readonly LayerRange[]): Taken {
  if (layers.length === 0) return "none";
  const end = Math.max(...layers.map(([, to]) => to));
  return layersWhere(end, (layer) => holds(layers, layer));
}
