import type { Problem } from "../../scenario/problem.ts";
import { shown } from "../../scenario/problem.ts";

/** Largest number that a config.json may hold; more is a broken file. */
const MAX_NUMBER = 2 ** 40;

/**
 * Reads the fields of a config.json by the names that its family gives them and
 * collects what is wrong. After a problem it goes on with a harmless value, so
 * that all problems are found at once.
 */
export class ConfigReader {
  readonly #config: Record<string, unknown>;
  readonly #path: string;
  /** What was wrong so far, shared with the readers of inner configs. */
  readonly problems: Problem[];
  /** What is counted by a guess, shared as well. */
  readonly doubts: Set<string>;
  /** The transformers that saved the whole config; "" when it does not say. */
  readonly savedBy: string;

  constructor(
    config: Record<string, unknown>,
    path = "model.config",
    problems: Problem[] = [],
    savedBy = "",
    doubts = new Set<string>(),
  ) {
    this.#config = config;
    this.#path = path;
    this.problems = problems;
    this.doubts = doubts;
    const version = this.#raw("transformers_version");
    this.savedBy = savedBy || (typeof version === "string" ? version : "");
  }

  /** Whether a field is there and not null. */
  has(key: string): boolean {
    return this.#raw(key) !== null;
  }

  /** Whether a field is there and null, where that is another thing than silence. */
  isNull(key: string): boolean {
    return Object.hasOwn(this.#config, key) && this.#config[key] === null;
  }

  /** A whole number of 1 or more that has to be there under one of the keys. */
  size(...keys: [string, ...string[]]): number {
    const value = this.optional(...keys);
    if (value !== null && value > 0) return value;
    this.#refuse(
      keys[0],
      value === null ? "is missing" : "must be at least 1: current value is 0",
    );
    return 1;
  }

  /** A whole number of 0 or more under the first key that has one, or null. */
  optional(...keys: string[]): number | null {
    for (const key of keys) {
      const value = this.#raw(key);
      if (value === null) continue;
      if (
        typeof value === "number" && Number.isInteger(value) && value >= 0 &&
        value <= MAX_NUMBER
      ) {
        return value;
      }
      this.#refuse(
        key,
        `must be a whole number from 0 to ${MAX_NUMBER}: current value is ${
          shown(value)
        }`,
      );
      return 1;
    }
    return null;
  }

  /** A number of any kind, or the fallback. */
  number(key: string, fallback: number): number {
    const value = this.#raw(key);
    if (value === null) return fallback;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    this.#refuse(key, `must be a number: current value is ${shown(value)}`);
    return fallback;
  }

  /** A switch, or the fallback. */
  flag(key: string, fallback: boolean): boolean {
    const value = this.#raw(key);
    if (value === null) return fallback;
    if (typeof value === "boolean") return value;
    this.#refuse(
      key,
      `must be true or false: current value is ${shown(value)}`,
    );
    return fallback;
  }

  /** A text, or the fallback. */
  text(key: string, fallback: string): string {
    const value = this.#raw(key);
    if (value === null) return fallback;
    if (typeof value === "string") return value;
    this.#refuse(key, `must be a text: current value is ${shown(value)}`);
    return fallback;
  }

  /** A list of whole numbers; empty when it is not there. */
  numbers(key: string): number[] {
    return this.#list(
      key,
      "whole numbers",
      (item) => Number.isInteger(item),
    ) as number[];
  }

  /** A list of texts; empty when it is not there. */
  texts(key: string): string[] {
    return this.#list(
      key,
      "texts",
      (item) => typeof item === "string",
    ) as string[];
  }

  /** What a field says, unread; null when it is silent. */
  raw(key: string): unknown {
    return this.#raw(key);
  }

  /** Adds a problem: what a field must be, and the value that it is not. */
  refuse(key: string, limit: string, value: unknown): void {
    this.#refuse(key, `${limit}: current value is ${shown(value)}`);
  }

  /** Notes that what is counted is a guess, in a sentence without its full stop. */
  doubt(why: string): void {
    this.doubts.add(why);
  }

  /** The keys of a config inside this one; none when there is none. */
  keys(key: string): string[] {
    const value = this.#raw(key);
    if (isObject(value)) return Object.keys(value);
    if (value !== null) {
      this.#refuse(key, `must be an object: current value is ${shown(value)}`);
    }
    return [];
  }

  /** The reader of a config inside this one; of an empty one when there is none. */
  inner(key: string): ConfigReader {
    const value = this.#raw(key);
    const path = `${this.#path}.${key}`;
    if (isObject(value)) {
      return new ConfigReader(
        value,
        path,
        this.problems,
        this.savedBy,
        this.doubts,
      );
    }
    if (value !== null) {
      this.#refuse(key, `must be an object: current value is ${shown(value)}`);
    }
    return new ConfigReader(
      {},
      path,
      this.problems,
      this.savedBy,
      this.doubts,
    );
  }

  #list(
    key: string,
    what: string,
    fits: (item: unknown) => boolean,
  ): unknown[] {
    const value = this.#raw(key);
    if (value === null) return [];
    if (Array.isArray(value) && value.every(fits)) return value;
    this.#refuse(
      key,
      `must be a list of ${what}: current value is ${shown(value)}`,
    );
    return [];
  }

  #raw(key: string): unknown {
    return Object.hasOwn(this.#config, key) ? this.#config[key] ?? null : null;
  }

  #refuse(key: string, limit: string): void {
    const path = `${this.#path}.${key}`;
    this.problems.push({ path: "model", message: `${path} ${limit}` });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
