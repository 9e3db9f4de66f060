import { parseNumber } from "./parse_number.ts";

/** Decimal multiples, as parameter counts are written: "7B" is 7 x 10^9. */
const DECIMAL: Record<string, number> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  b: 1e9,
  g: 1e9,
  t: 1e12,
};

/** Binary multiples, as context lengths are written: "4k" tokens are 4096. */
const BINARY: Record<string, number> = {
  "": 1,
  k: 1024,
  ki: 1024,
  m: 1024 ** 2,
  mi: 1024 ** 2,
};

/**
 * Reads a count that a person typed: "7B", "1.1b", "1e9", "6_738_415_616".
 *
 * @returns The count, or null when the text is not one.
 */
export function parseCount(text: string): number | null {
  return scaled(text, DECIMAL);
}

/**
 * Reads a number of tokens: "4k" is 4096 and "128k" is 131072, as the field
 * names its context lengths.
 *
 * @returns The tokens, or null when the text is not a number of tokens.
 */
export function parseTokens(text: string): number | null {
  return scaled(text, BINARY);
}

function scaled(text: string, units: Record<string, number>): number | null {
  const parsed = parseNumber(text);
  if (!parsed) return null;
  const unit = Object.hasOwn(units, parsed.suffix)
    ? units[parsed.suffix]
    : undefined;
  if (unit === undefined) return null;
  if (unit === 1) return parsed.number;
  return Math.round(parsed.number * unit);
}
