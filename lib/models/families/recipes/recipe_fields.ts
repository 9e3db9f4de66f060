import type { ConfigReader } from "../../tensors/config_reader.ts";
import { labelsOf } from "../blocks_classic.ts";
import { fieldsOfFormula, valueOf } from "./formula.ts";
import type { Condition, Formula, NumberRelation, Recipe } from "./recipe.ts";

/** A number that is counted in id2label where that is there. */
const LABELS = "num_labels";

/** Largest size that a tensor may have; more is a broken file. */
const MAX_SIZE = 2 ** 40;

const COMPARED: Readonly<
  Record<NumberRelation, (one: number, other: number) => boolean>
> = {
  "==": (one, other) => one === other,
  "!=": (one, other) => one !== other,
  ">": (one, other) => one > other,
  "<=": (one, other) => one <= other,
};

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
    if (said !== null) return said;
    const derived = this.#derived(path);
    if (derived !== null) return derived;
    return this.#isNull(path) ? null : this.#default(path);
  }

  /** A field's list; empty where it is none. */
  list(path: string): readonly unknown[] {
    const value = this.value(path);
    return Array.isArray(value) ? value : [];
  }

  /**
   * A list of what each layer is. One that a config leaves out, as its class makes it
   * for its own depth, says nothing of layers beyond.
   */
  listOfLayers(path: string, layers: number): readonly unknown[] {
    const listed = this.list(path);
    if (
      this.#said(path) === null && listed.length > 0 &&
      listed.length < layers
    ) {
      this.#config.doubt(
        `model.config has no ${path}, and its class's default has ${listed.length} layers and not ${layers}: what the others are is a guess`,
      );
    }
    return listed;
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
      const [field = name] = fieldsOfFormula(formula);
      this.#config.refuse(
        field,
        `must give ${name} a size from 0 to ${MAX_SIZE}`,
        this.value(field),
      );
    }
    return 1;
  }

  /** Whether a config is one for which a tensor is there. */
  fulfils([path, wanted, other]: Condition): boolean {
    const value = this.value(path);
    if (other !== undefined) return this.#stands(value, wanted, other);
    if (typeof wanted === "boolean") return (value === true) === wanted;
    const isThere = value !== null && value !== 0 && value !== false;
    return wanted === null ? !isThere : isThere;
  }

  #stands(value: unknown, how: unknown, other: string | number): boolean {
    if (how === "is" || how === "isnt") {
      return (value === other) === (how === "is");
    }
    const compared = typeof other === "string" ? this.value(other) : other;
    if (typeof value !== "number" || typeof compared !== "number") {
      return how === "!=" && value !== compared;
    }
    return COMPARED[how as NumberRelation](value, compared);
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
    const derived = this.#derived(path);
    if (derived !== null) return derived;
    const usual = this.#isNull(path) ? null : this.#default(path);
    return typeof usual === "number" ? usual : NaN;
  }

  /** What a class computes of other fields where a config is silent. */
  #derived(path: string): number | null {
    const formula = this.#recipe.derived[path];
    // Only a class whose formula names itself would come here twice.
    return formula === undefined || fieldsOfFormula(formula).includes(path)
      ? null
      : valueOf(formula, this.number);
  }

  /** Whether a config says by itself that a field has no value. */
  #isNull(path: string): boolean {
    const end = path.lastIndexOf(".");
    if (end < 0) return this.#config.isNull(path);
    const inner = this.#at(path.slice(0, end));
    return typeof inner === "object" && inner !== null &&
      Object.hasOwn(inner, path.slice(end + 1));
  }

  #said(path: string): unknown {
    if (this.#recipe.computed.includes(path)) return null;
    const other = this.#recipe.aliases[path];
    const here = this.#at(path);
    const said = here === null && other !== undefined ? this.#at(other) : here;
    // A number that the class works out, by the word for it.
    return said === "auto" ? null : said;
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
    const { defaults, inside } = this.#recipe;
    const end = path.lastIndexOf(".");
    if (Object.hasOwn(inside, path) && this.#at(path.slice(0, end)) !== null) {
      return inside[path];
    }
    if (Object.hasOwn(defaults, path)) return defaults[path] ?? null;
    const listed = defaults[path.slice(0, end)];
    return Array.isArray(listed) ? listed[Number(path.slice(end + 1))] : null;
  }
}
