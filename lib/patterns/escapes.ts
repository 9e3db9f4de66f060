import type { CharacterSet } from "./syntax.ts";

/** Letters that stand for classes of characters. */
export const LETTERS: Readonly<
  Record<string, CharacterSet["shorthands"][number]>
> = {
  d: { shorthand: "d", negated: false },
  D: { shorthand: "d", negated: true },
  w: { shorthand: "w", negated: false },
  W: { shorthand: "w", negated: true },
  s: { shorthand: "s", negated: false },
  S: { shorthand: "s", negated: true },
};

const CONTROLS: Readonly<Record<string, number>> = {
  a: 7,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
};
const HEX = /^\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/;
const OCTAL = /^\\(0[0-7]{0,2}|[1-3][0-7]{2})/;
const MAX_CODE = 0x10ffff;

/**
 * The character that an escape stands for, and where it ends; null where Python
 * knows none.
 *
 * Source: Python 3, Lib/re/_parser.py, _escape and _class_escape
 */
export function escapedIn(
  text: string,
  at: number,
): { code: number; end: number } | null {
  const rest = text.slice(at, at + 10);
  const [hex, two, four, eight] = HEX.exec(rest) ?? [];
  if (hex !== undefined) {
    const code = parseInt(two ?? four ?? eight ?? "", 16);
    return code > MAX_CODE ? null : { code, end: at + hex.length };
  }
  const [octal, digits = ""] = OCTAL.exec(rest) ?? [];
  if (octal !== undefined) {
    return { code: parseInt(digits, 8), end: at + octal.length };
  }
  const code = rest.codePointAt(1);
  if (code === undefined) return null;
  const letter = String.fromCodePoint(code);
  const control = CONTROLS[letter];
  if (control !== undefined) return { code: control, end: at + 2 };
  return /[a-zA-Z\d]/.test(letter)
    ? null
    : { code, end: at + 1 + letter.length };
}
