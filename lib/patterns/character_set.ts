import type { CharacterSet, Shorthand } from "./syntax.ts";

type Ranges = CharacterSet["ranges"];

const ASCII = 128;
const DIGITS: Ranges = [[48, 57]];
const LETTERS: Ranges = [[65, 90], [95, 95], [97, 122]];
/**
 * Spaces.
 *
 * Source: Python 3, str.isspace: what Unicode calls a space or a separator.
 */
const SPACES: Ranges = [
  [9, 13],
  [28, 32],
  [133, 133],
  [160, 160],
  [5760, 5760],
  [8192, 8202],
  [8232, 8233],
  [8239, 8239],
  [8287, 8287],
  [12288, 12288],
];

/** Whether a set holds a character, by its code point. */
export function holdsCharacter(set: CharacterSet, code: number): boolean {
  if (!set.ignoreCase) return holds(set, code) !== set.negated;
  const text = String.fromCodePoint(code);
  const cases = [code, codeOf(text.toLowerCase()), codeOf(text.toUpperCase())];
  return cases.some((each) => holds(set, each)) !== set.negated;
}

/** Whether a character is one of a word: a letter, a digit or "_". */
export function isWord(code: number): boolean {
  return code < ASCII
    ? isIn(LETTERS, code) || isIn(DIGITS, code)
    : /[\p{L}\p{N}]/u.test(String.fromCodePoint(code));
}

function holds({ ranges, shorthands }: CharacterSet, code: number): boolean {
  return isIn(ranges, code) ||
    shorthands.some(({ shorthand, negated }) =>
      isShorthand(shorthand, code) !== negated
    );
}

function isShorthand(shorthand: Shorthand, code: number): boolean {
  if (shorthand === "w") return isWord(code);
  if (shorthand === "s") return isIn(SPACES, code);
  return code < ASCII
    ? isIn(DIGITS, code)
    : /\p{Nd}/u.test(String.fromCodePoint(code));
}

function isIn(ranges: Ranges, code: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const [from, to] = ranges[middle] ?? [Infinity, Infinity];
    if (code < from) high = middle;
    else if (code > to) low = middle + 1;
    else return true;
  }
  return false;
}

function codeOf(text: string): number {
  return text.codePointAt(0) ?? 0;
}
