import type { Matcher, MatchPlace } from "../../patterns/mod.ts";
import {
  holdsLayer,
  numbersOf,
  rangesOfNumbers,
  unionOf,
} from "../tensors/layer_numbers.ts";
import type { LayerRange } from "../tensors/tensor.ts";

/** What of a stack of like modules a target takes: all, some layers, or none. */
export type MatchedTargets = "all" | "none" | readonly LayerRange[];

/** The layers of a stack; null for what stands once. */
export type Layers = readonly LayerRange[] | null;

/**
 * Names of a list as PEFT matches them: a whole path, or its end after a dot. A
 * number in a name picks a layer.
 */
export class NameList {
  /** The keys of each name, by their last. */
  readonly #byLast = new Map<string, { name: string; keys: string[] }[]>();
  /** Those whose last key is a number. */
  readonly #numbered: { name: string; keys: string[] }[] = [];

  constructor(names: readonly string[]) {
    for (const name of new Set(names)) {
      const keys = name.split(".");
      const last = keys.at(-1) ?? "";
      const alike = this.#byLast.get(last);
      if (alike) alike.push({ name, keys });
      else this.#byLast.set(last, [{ name, keys }]);
      if (NUMBER.test(last)) this.#numbered.push({ name, keys });
    }
  }

  /** What the names take of a stack of modules. */
  taken(path: string, layers: Layers): MatchedTargets {
    const picked: number[] = [];
    for (const { layer } of this.#found(path, layers)) {
      if (layer === null) return "all";
      picked.push(layer);
    }
    return ofNumbers([...new Set(picked)].sort((a, b) => a - b));
  }

  /** The names that take any of a stack of modules. */
  takers(path: string, layers: Layers): string[] {
    return this.#found(path, layers).map(({ name }) => name);
  }

  /** Names that take some of a stack, and the layer that each picks. */
  #found(
    path: string,
    layers: Layers,
  ): { name: string; layer: number | null }[] {
    const keys = path.split(".");
    const last = keys.at(-1) ?? "";
    const alike = this.#byLast.get(last) ?? [];
    const candidates = last === "N" && layers !== null
      ? [...alike, ...this.#numbered]
      : alike;
    return candidates.flatMap(({ name, keys: wanted }) => {
      const layer = layerPicked(keys, wanted, layers !== null);
      if (layer === undefined) return [];
      const isThere = layer === null ||
        (layers !== null && holdsLayer(layers, layer));
      return isThere ? [{ name, layer }] : [];
    });
  }
}

/** A layer's number as paths have it. */
const NUMBER = /^(?:0|[1-9]\d{0,8})$/;

/** The layer that a name picks, null for all; undefined where it takes none. */
function layerPicked(
  keys: readonly string[],
  wanted: readonly string[],
  isStack: boolean,
): number | null | undefined {
  if (wanted.length > keys.length) return undefined;
  const numbered = isStack ? keys.indexOf("N") : -1;
  let layer: number | null = null;
  for (let back = 1; back <= wanted.length; back++) {
    const at = keys.length - back;
    const want = wanted[wanted.length - back] ?? "";
    if (at === numbered) {
      if (!NUMBER.test(want)) return undefined;
      layer = Number(want);
    } else if (keys[at] !== want) return undefined;
  }
  return layer;
}

/**
 * A pattern as PEFT matches a text: for all of a path. Stacks that end alike are
 * matched once, and their layers by their numbers alone.
 */
export class PathPattern {
  readonly #matcher: Matcher;
  readonly #known = new Map<
    string,
    Map<readonly LayerRange[], MatchedTargets>
  >();

  constructor(matcher: Matcher) {
    this.#matcher = matcher;
  }

  /**
   * What the pattern takes of a stack of modules.
   *
   * @throws {TooManySteps} When the names of a model take too many.
   */
  taken(path: string, layers: Layers): MatchedTargets {
    const parts = layers === null ? null : aroundLayer(path);
    if (layers === null || parts === null) {
      return this.#matcher.matches(path) ? "all" : "none";
    }
    const place = this.#matcher.before(parts.tail);
    if (place === null) return "none";
    const key = `${place.id} ${parts.head}`;
    const alike = this.#known.get(key) ?? new Map();
    this.#known.set(key, alike);
    const before = alike.get(layers);
    if (before !== undefined) return before;
    const found = this.#layers(layers, parts.head, place);
    alike.set(layers, found);
    return found;
  }

  /** The layers whose numbers lead from one place to a match. */
  #layers(
    layers: readonly LayerRange[],
    head: string,
    tail: MatchPlace,
  ): MatchedTargets {
    const matches = new Map<number, boolean>();
    const all = numbersOf(layers);
    const found = all.filter((layer) => {
      const place = this.#matcher.before(`${layer}`, tail);
      if (place === null) return false;
      const known = matches.get(place.id);
      if (known !== undefined) return known;
      const begin = this.#matcher.before(head, place);
      const isMatch = begin !== null && this.#matcher.matchesFrom(begin);
      matches.set(place.id, isMatch);
      return isMatch;
    });
    return found.length === all.length ? "all" : ofNumbers(found);
  }
}

/** A path before and after the number of its layer; null where it has none. */
export function aroundLayer(
  path: string,
): { head: string; tail: string } | null {
  const keys = path.split(".");
  const at = keys.indexOf("N");
  if (at === -1) return null;
  const head = keys.slice(0, at).map((key) => `${key}.`).join("");
  return { head, tail: path.slice(head.length + 1) };
}

/** What is left of what was taken when some of it is left out. */
export function without(
  layers: Layers,
  taken: MatchedTargets,
  left: MatchedTargets,
): MatchedTargets {
  if (taken === "none" || left === "none") return taken;
  if (left === "all") return "none";
  const from = taken === "all" ? layers ?? [] : taken;
  return ofNumbers(
    numbersOf(from).filter((layer) => !holdsLayer(left, layer)),
  );
}

/** The layers of a stack that were taken. */
export function layersOfName(layers: Layers, taken: MatchedTargets): Layers {
  if (taken === "all") return layers;
  return taken === "none" ? [] : taken;
}

/** Whether two stacks of layers have one in common; null stands for no stack. */
export function meet(one: Layers, other: Layers): boolean {
  if (one === null || other === null || one === other) return true;
  return numbersOf(one).some((layer) => holdsLayer(other, layer));
}

/** What several took of a stack. */
export function together(taken: readonly MatchedTargets[]): MatchedTargets {
  if (taken.includes("all")) return "all";
  const lists = taken.filter((each) => typeof each !== "string");
  const all = unionOf(lists);
  return all.length === 0 ? "none" : all;
}

/** Layers by their numbers, ascending, each once. */
export function ofNumbers(numbers: readonly number[]): MatchedTargets {
  return numbers.length === 0 ? "none" : rangesOfNumbers(numbers);
}
