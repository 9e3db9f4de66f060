import type { Problem } from "../../scenario/problem.ts";
import { shown } from "../../scenario/problem.ts";

/** The settings of a quantiser as a config has them, read with their limits. */
export class QuantizerSettings {
  /** What was wrong with what was read so far. */
  readonly problems: Problem[];
  readonly #values: Readonly<Record<string, unknown>>;

  /** @param path Where they stand in the scenario. */
  constructor(
    values: Readonly<Record<string, unknown>>,
    readonly path: string,
    problems: Problem[] = [],
  ) {
    this.#values = values;
    this.problems = problems;
  }

  /** The keys that are there. */
  get keys(): string[] {
    return Object.keys(this.#values);
  }

  /** A text; null where there is none. */
  text(key: string): string | null {
    const value = this.#values[key];
    return typeof value === "string" ? value : null;
  }

  flag(key: string): boolean {
    return this.#values[key] === true;
  }

  /** Whether anything but null stands there. */
  has(key: string): boolean {
    const value = this.#values[key];
    return value !== undefined && value !== null;
  }

  /** A number within limits; the usual one where there is none. */
  number<Usual extends number | null>(
    key: string,
    [least, most]: readonly [number, number],
    usual: Usual,
  ): number | Usual {
    const value = this.#values[key];
    if (value === undefined || value === null) return usual;
    if (typeof value === "number" && value >= least && value <= most) {
      return value;
    }
    this.#wrong(key, `must be a number from ${least} to ${most}`, value);
    return usual;
  }

  /** Bits of a stored weight. */
  bits(usual: number, key = "bits"): number {
    return this.number(key, [1, 8], usual);
  }

  /** Inputs that share a scale; -1 is all. */
  group<Usual extends number | null>(
    usual: Usual,
    key = "group_size",
  ): number | Usual {
    return this.number(key, [-1, 65_536], usual);
  }

  /** The texts of a list; empty where there is none. */
  list(key: string): string[] {
    const value = this.#values[key];
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.#wrong(key, "must be a list of names", value);
      return [];
    }
    return value.filter((each) => typeof each === "string");
  }

  /** The texts of a list and of lists in it. */
  names(key: string): string[] {
    const value = this.#values[key];
    return Array.isArray(value)
      ? value.flat(3).filter((each) => typeof each === "string")
      : [];
  }

  /** Rows and columns of a rectangle; null where there is none. */
  pair(key: string): readonly [number, number] | null {
    const value: unknown = this.#values[key];
    if (value === undefined || value === null) return null;
    const [rows, columns, ...more]: unknown[] = Array.isArray(value)
      ? value
      : [];
    if (isSide(rows) && isSide(columns) && more.length === 0) {
      return [rows, columns];
    }
    this.#wrong(key, "must be two numbers from 1 to 65536", value);
    return null;
  }

  /** The settings under a key; null where there are none. */
  under(key: string): QuantizerSettings | null {
    const value = this.#values[key];
    return isRecord(value)
      ? new QuantizerSettings(value, `${this.path}.${key}`, this.problems)
      : null;
  }

  /** The settings under every key that has some. */
  all(): [key: string, settings: QuantizerSettings][] {
    return this.keys.flatMap((key) => {
      const settings = this.under(key);
      return settings ? [[key, settings] as [string, QuantizerSettings]] : [];
    });
  }

  #wrong(key: string, limit: string, value: unknown): void {
    const path = `${this.path}.${key}`;
    this.problems.push({
      path,
      message: `${path} ${limit}: current value is ${shown(value)}`,
    });
  }
}

function isSide(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 &&
    value <= 65_536;
}

/** Whether a value is an object with keys. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
