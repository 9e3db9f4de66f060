import { numbersOf } from "../../models/tensors/layer_numbers.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import { Matcher } from "../../patterns/mod.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import { shown } from "../../scenario/problem.ts";
import { readEntry } from "./module_entry.ts";
import { namingOf } from "./module_names.ts";

/** Layers of a tensor's stack that something is said of. */
export type SelectedLayers = "all" | ReadonlySet<number>;

/** Most kinds of entries; those that differ in numbers alone are one. */
export const MAX_ENTRY_KINDS = 2000;

interface Path {
  /** With the dots that stand around it in a name. */
  readonly text: string;
  layers: Set<number> | "all";
}

const NONE: ReadonlySet<number> = new Set();

/** A list of modules, as a quantiser's config has it. */
export class ModuleList {
  readonly #paths: readonly Path[];
  readonly #exact: boolean;
  readonly #patterns: readonly {
    readonly matcher: Matcher;
    readonly byLayer: boolean;
  }[];

  private constructor(
    paths: readonly Path[],
    patterns: readonly { matcher: Matcher; byLayer: boolean }[],
    exact: boolean,
  ) {
    this.#exact = exact;
    this.#paths = paths;
    this.#patterns = patterns;
  }

  /**
   * Reads a list.
   *
   * @param path Where it stands in the scenario.
   * @param options Whether its entries are regular expressions; whether a path
   *   stands for that module alone, and not for what is under it.
   */
  static read(
    entries: readonly string[],
    path: string,
    options: { readonly isPattern?: boolean; readonly exact?: boolean } = {},
  ): Result<ModuleList> {
    const paths = new Map<string, Path>();
    const patterns: { matcher: Matcher; byLayer: boolean }[] = [];
    for (const entry of new Set(entries)) {
      const read = readEntry(entry, options);
      if ("reason" in read) {
        return wrong(path, `${read.reason}: current value is ${shown(entry)}`);
      }
      if (paths.size + patterns.length >= MAX_ENTRY_KINDS) {
        return wrong(
          path,
          `must name at most ${MAX_ENTRY_KINDS} kinds of modules: it has ${entries.length} entries`,
        );
      }
      if ("pattern" in read) {
        const { pattern, byLayer } = read;
        patterns.push({ matcher: new Matcher(pattern), byLayer });
        continue;
      }
      const text = `.${read.template}${read.open ? "" : "."}`;
      const found = paths.get(text) ?? { text, layers: new Set() };
      if (read.layers === null) found.layers = "all";
      else if (found.layers !== "all") {
        for (const layer of read.layers) found.layers.add(layer);
      }
      paths.set(text, found);
    }
    const list = new ModuleList(
      [...paths.values()],
      patterns,
      options.exact ?? false,
    );
    return { ok: true, value: list };
  }

  /**
   * The layers of a tensor's stack whose module is in the list, or under one that
   * is.
   */
  of(tensor: Tensor): SelectedLayers {
    const { templates, layer } = namingOf(tensor);
    const stack = tensor.layers === null ? [] : numbersOf(tensor.layers);
    const found = new Set<number>();
    for (const { text, layers } of this.#paths) {
      const isThere = (name: string) =>
        this.#exact ? `.${name}.`.endsWith(text) : `.${name}.`.includes(text);
      if (!templates.some(isThere)) continue;
      if (layers === "all") return "all";
      if (layer !== null && layers.has(layer)) return "all";
      for (const each of stack) if (layers.has(each)) found.add(each);
    }
    return this.#matched(tensor, found);
  }

  #matched(tensor: Tensor, found: Set<number>): SelectedLayers {
    const { names } = namingOf(tensor);
    const stack = tensor.layers === null ? [0] : numbersOf(tensor.layers);
    const [sample = 0] = stack;
    for (const { matcher, byLayer } of this.#patterns) {
      const matches = (layer: number) =>
        names(layer).some((name) => matcher.matches(name));
      if (!byLayer || tensor.layers === null) {
        if (matches(sample)) return "all";
      } else {
        for (const layer of stack) if (matches(layer)) found.add(layer);
      }
    }
    return found.size === 0 ? NONE : found;
  }
}

function wrong(path: string, message: string): Result<never> {
  return { ok: false, problems: [{ path, message: `${path} ${message}` }] };
}
