import type { Formula } from "./recipe.ts";

/** Whole numbers by halves, as Python rounds them: 2.5 is 2, 3.5 is 4. */
function toEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

const ONE: Readonly<Record<string, (value: number) => number>> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round: toEven,
};

const TWO: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "//": (a, b) => Math.floor(a / b),
  "%": (a, b) => a - b * Math.floor(a / b),
  "**": (a, b) => a ** b,
};

/**
 * The number of a formula; NaN where it asks for what nobody has said.
 *
 * @param read A field's number by its path.
 */
export function valueOf(
  formula: Formula,
  read: (path: string) => number,
): number {
  if (typeof formula === "number") return formula;
  if (typeof formula === "string") return read(formula);
  const [operation, ...parts] = formula;
  const [first = NaN, second = NaN] = parts.map((part) => valueOf(part, read));
  return ONE[operation]?.(first) ?? TWO[operation]?.(first, second) ?? NaN;
}

/** Paths of the fields that a formula is of. */
export function fieldsOfFormula(formula: Formula): string[] {
  if (typeof formula === "string") return [formula];
  if (typeof formula === "number") return [];
  const [, ...parts] = formula;
  return parts.flatMap(fieldsOfFormula);
}
