import { holdsLayer, numbersOf } from "../tensors/layer_numbers.ts";
import type { Layers, MatchedTargets } from "./match.ts";
import { aroundLayer, ofNumbers } from "./match.ts";

/** A text, and where its keys that are numbers could be a layer's. */
interface Sought {
  readonly text: string;
  readonly numbers: readonly NumberedKey[];
}

/** A key of a text that is a number, with what stands around it. */
interface NumberedKey {
  readonly before: string;
  readonly digits: string;
  readonly after: string;
}

/**
 * Finds texts in the names of modules and tensors, the numbers of their layers
 * written out. The texts are plain: nothing in them has a meaning of its own.
 */
export class TextFinder {
  readonly #sought: readonly Sought[];
  readonly #known = new Map<string, Map<readonly unknown[], MatchedTargets>>();

  /** @param texts None ends with a digit; empty ones are in every name. */
  constructor(texts: readonly string[]) {
    this.#sought = [...new Set(texts)].map((text) => ({
      text,
      numbers: numbersIn(text),
    }));
  }

  /**
   * The part of a stack whose names hold one of the texts.
   *
   * @param name With N for the number of the layer.
   * @param between What else stands before and after each name.
   */
  taken(
    name: string,
    layers: Layers,
    [begin, end]: readonly [string, string] = ["", ""],
  ): MatchedTargets {
    const around = layers === null ? null : aroundLayer(name);
    if (layers === null || around === null) {
      const whole = `${begin}${name}${end}`;
      return this.#sought.some(({ text }) => whole.includes(text))
        ? "all"
        : "none";
    }
    const head = `${begin}${around.head}`;
    const tail = `${around.tail}${end}`;
    const wanted: NumberedKey[] = [];
    for (const { text, numbers } of this.#sought) {
      if (head.includes(text) || tail.includes(text)) return "all";
      for (const number of numbers) {
        if (head.endsWith(number.before) && tail.startsWith(number.after)) {
          wanted.push(number);
        }
      }
    }
    return wanted.length === 0 ? "none" : this.#layers(wanted, layers);
  }

  /** The layers that any of the numbers stands for. */
  #layers(
    wanted: readonly NumberedKey[],
    layers: NonNullable<Layers>,
  ): MatchedTargets {
    const key = wanted.map(({ before, digits }) =>
      before === "" ? `-${digits}` : digits
    ).join();
    const alike = this.#known.get(key) ?? new Map();
    this.#known.set(key, alike);
    const before = alike.get(layers);
    if (before !== undefined) return before;
    const all = numbersOf(layers);
    const found = new Set(
      wanted.flatMap((number) => meant(number, all))
        .filter((layer) => holdsLayer(layers, layer)),
    );
    const taken = found.size === all.length
      ? "all"
      : ofNumbers([...found].sort((a, b) => a - b));
    alike.set(layers, taken);
    return taken;
  }
}

/** The keys of a text that are numbers. */
function numbersIn(text: string): NumberedKey[] {
  const keys = text.split(".");
  return keys.flatMap((digits, at) => {
    // The last key goes on in the name, unless it is nothing.
    if (at === keys.length - 1 || !/^\d{1,9}$/.test(digits)) return [];
    const before = keys.slice(0, at).map((key) => `${key}.`).join("");
    return [{
      before,
      digits,
      after: text.slice(before.length + digits.length),
    }];
  });
}

/** The layers that a key may stand for: at a text's begin, those that end so. */
function meant(
  { before, digits }: NumberedKey,
  layers: readonly number[],
): readonly number[] {
  const least = Number(digits);
  if (before !== "") return String(least) === digits ? [least] : [];
  const unit = 10 ** digits.length;
  const last = layers.at(-1) ?? 0;
  const endsSo = (layer: number): boolean => String(layer).endsWith(digits);
  if ((last - least) / unit > layers.length) return layers.filter(endsSo);
  const found: number[] = [];
  for (let layer = least; layer <= last; layer += unit) {
    if (endsSo(layer)) found.push(layer);
  }
  return found;
}
