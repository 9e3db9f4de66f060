import type { ConfigReader } from "../../tensors/config_reader.ts";
import { labelsOf } from "../blocks_classic.ts";
import { valueOf } from "./formula.ts";
import type { Condition, Formula, Recipe } from "./recipe.ts";

/** A number that is counted in id2label where that is there. */
const LABELS = "num_labels";

/** Largest size that a tensor may have; more is a broken file. */
const MAX_SIZE = 2 ** 40;

/** A config's fields by their paths, with what its class says of the silent ones. */
export class RecipeFields {
  readonly #config: ConfigReader;
  readonly #recipe: Recipe;
  readonly #numbers = new Map<string, number>();
  readonly #refused = new Set<string>();

  constructor(config: ConfigReader, recipe: Recipe) {
    this.#config = config;
    this.#recipe = recipe;
  }

  /** What a field says, under any of its names, or its class's own word. */
  value(path: string): unknown {
    const said = this.#said(path);
    return said === null ? this.#default(path) : said;
  }

  /** A field's list; empty where it is none. */
  list(path: string): readonly unknown[] {
    const value = this.value(path);
    return Array.isArray(value) ? value : [];
  }

  /** A number of a field, a size of its own, or one computed of others. */
  number = (path: string): number => {
    const known = this.#numbers.get(path);
    if (known !== undefined) return known;
    const number = this.#numberOf(path);
    this.#numbers.set(path, number);
    return number;
  };

  /** A size: a whole number of 0 or more; a problem is told once for a field. */
  size(formula: Formula, name: string): number {
    const size = valueOf(formula, this.number);
    if (Number.isInteger(size) && size >= 0 && size <= MAX_SIZE) return size;
    if (!this.#refused.has(name)) {
      this.#refused.add(name);
      const [field = name] = pathsOf(formula);
      this.#config.refuse(
        field,
        `must give ${name} a size from 0 to ${MAX_SIZE}`,
        this.value(field),
      );
    }
    return 1;
  }

  /** Whether a config is one for which a tensor is there. */
  fulfils([path, wanted]: Condition): boolean {
    const value = this.value(path);
    if (typeof wanted === "boolean") return (value === true) === wanted;
    const isThere = value !== null && value !== 0 && value !== false;
    return wanted === null ? !isThere : isThere;
  }

  #numberOf(path: string): number {
    if (path === LABELS) return labelsOf(this.#config);
    const said = this.#said(path);
    if (typeof said === "number") return said;
    if (typeof said === "boolean") return said ? 1 : 0;
    if (said !== null) {
      this.#config.refuse(path, "must be a number", said);
      return 1;
    }
    const derived = this.#recipe.derived[path];
    // Only a class whose formula names itself would come here twice.
    if (derived !== undefined && !pathsOf(derived).includes(path)) {
      return valueOf(derived, this.number);
    }
    const usual = this.#default(path);
    return typeof usual === "number" ? usual : NaN;
  }

  #said(path: string): unknown {
    const other = this.#recipe.aliases[path];
    const said = this.#at(path);
    return said === null && other !== undefined ? this.#at(other) : said;
  }

  #at(path: string): unknown {
    const parts = path.split(".");
    let at: unknown = this.#config.raw(parts[0] ?? "");
    for (const part of parts.slice(1)) {
      if (typeof at !== "object" || at === null) return null;
      at = Object.hasOwn(at, part)
        ? (at as Record<string, unknown>)[part]
        : null;
    }
    return at ?? null;
  }

  #default(path: string): unknown {
    const { defaults } = this.#recipe;
    if (Object.hasOwn(defaults, path)) return defaults[path] ?? null;
    const end = path.lastIndexOf(".");
    const listed = defaults[path.slice(0, end)];
    return Array.isArray(listed) ? listed[Number(path.slice(end + 1))] : null;
  }
}

function pathsOf(formula: Formula): string[] {
  if (typeof formula === "string") return [formula];
  if (typeof formula === "number") return [];
  const [, ...parts] = formula;
  return parts.flatMap(pathsOf);
}
