import type { LogFigure, LogFigureName } from "../imported.ts";
import { GIB, MIB } from "../../../units/mod.ts";

/** Longest part of a line that is shown. */
const SHOWN = 160;
/** Most figures that are kept of a log. */
const MAX_FIGURES = 64;

/** Gathers the figures of a log: what is printed again takes the place. */
export class LogFigures {
  readonly #byKey = new Map<string, LogFigure>();

  /** Keeps a figure; of several ranks the largest, or the smallest of tokens. */
  put(figure: LogFigure): void {
    const key = `${figure.name}\n${figure.device}`;
    const before = this.#byKey.get(key);
    const isLeast = figure.name === "kv_tokens" ||
      figure.name === "max_concurrency";
    if (
      before &&
      (isLeast ? before.value <= figure.value : before.value >= figure.value)
    ) return;
    if (before || this.#byKey.size < MAX_FIGURES) {
      this.#byKey.set(key, figure);
    }
  }

  /** Adds to a figure of a device, such as that of two caches. */
  add(figure: LogFigure): void {
    const key = `${figure.name}\n${figure.device}`;
    const before = this.#byKey.get(key);
    if (!before && this.#byKey.size >= MAX_FIGURES) return;
    this.#byKey.set(
      key,
      before
        ? {
          ...before,
          value: before.value + figure.value,
          rounding: before.rounding + figure.rounding,
        }
        : figure,
    );
  }

  /** Forgets what was printed before it is printed anew. */
  forget(...names: readonly LogFigureName[]): void {
    for (const [key, { name }] of this.#byKey) {
      if (names.includes(name)) this.#byKey.delete(key);
    }
  }

  has(name: LogFigureName): boolean {
    return [...this.#byKey.values()].some((figure) => figure.name === name);
  }

  get all(): LogFigure[] {
    return [...this.#byKey.values()];
  }
}

const UNITS = { GiB: GIB, GB: GIB, MiB: MIB } as const;

/** A number of bytes as a log prints it, with half of its last digit. */
export function printedBytes(
  digits: string,
  unit: keyof typeof UNITS,
): { value: number; rounding: number } {
  const decimals = digits.split(".")[1]?.length ?? 0;
  return {
    value: Math.round(Number(digits) * UNITS[unit]),
    rounding: Math.ceil(UNITS[unit] / 10 ** decimals / 2),
  };
}

/** A count with commas between its digits. */
export function printedCount(digits: string): number {
  return Number(digits.replaceAll(",", ""));
}

/** A line as it is shown: without its time, colours and worker. */
export function shownLine(line: string, from: number): string {
  return line.slice(from).replaceAll(/[\p{Cc}\p{Cs}]/gu, " ").trim()
    .slice(0, SHOWN);
}

/** A name and what follows it; the value is looked at and not passed over. */
const PYTHON_VALUE =
  /(?:^|[\s({,'"])(\w{1,64})['"]?\s{0,2}[=:](?=\s{0,2}(?:'([^']{0,500})'|"([^"]{0,500})"|([^,)}\s]{1,500})))/g;

/**
 * Values of names in a line of Python's `name=value, …` or `'name': value, …`.
 *
 * @returns Text by name, the first of each; what is None is left out.
 */
export function pythonValues(
  line: string,
  names: readonly string[],
): Map<string, string> {
  const wanted = new Set(names);
  const found = new Map<string, string>();
  for (const [, name = "", ...values] of line.matchAll(PYTHON_VALUE)) {
    const value = values.find((each) => each !== undefined);
    if (wanted.delete(name) && value !== undefined && value !== "None") {
      found.set(name, value);
    }
  }
  return found;
}
