import type { Case } from "../case.ts";
import { Matcher, readPattern } from "../doors.ts";
import { Draw } from "../draw.ts";

const PIECES = [
  ..."abN01._",
  "\\.",
  ".",
  "\\d",
  "\\W",
  "[^a.]",
  "[\\d.-]",
  "\\b",
  "^",
  "$",
  "(?:ab|b)",
  "(?P<x>a)",
  "(?=a)",
  "(?!b)",
  "a*",
  "b+?",
  ".{1,2}",
  "[]a]",
  "\\x61",
  "é",
  "(?#no)",
  "\\S",
];

/** Whole patterns: flags, lookbehinds, and what is refused. */
const WHOLE = [
  "(?i)MODEL\\.[q-s]",
  "(?i:a)b",
  "a{,2}",
  "a{x}",
  "\\u0062\\143",
  "\\Aab\\Z",
  "(?s).",
  ".*_proj(?<!o_proj)",
  "(?:.*_proj)(?<!o_proj)(?<=q_proj)$",
  "(a)\\1",
  "(?P=x)",
  "(?>a)",
  "a*+b",
  "(?(1)a|b)",
  "(?<x>a)",
  "(?x) a",
  "a(?i)b",
  "(?<!a)b",
  "\\p{L}",
  "a**",
  "*a",
  "^*",
  "(a",
  "a)",
  "[a",
  "[z-a]",
  "a\\",
  "a{3,2}",
  "x".repeat(4001),
  "(".repeat(200),
  "(?:.{1,1000}){1,1000}",
  "a{99999999999}",
  "(x+x+)+y",
  "(?!.*(.*.*)*!)(\\w+\\.?)+!",
];

const NAMES = [
  "",
  "a",
  "ab",
  "model.q",
  "MODEL.S",
  "q_proj",
  "o_proj",
  "a.b0",
  "1_N",
  "é",
  "aab",
  "\n",
  "xxxxxxxxxxxxxxxxxxxxx!",
  "bc",
  "bab.a",
];

/** Regular expressions of users: what they match, or why they are refused. */
export function patternCases(): Case[] {
  const draw = new Draw(11);
  const drawn = Array.from(
    { length: 300 },
    () => Array.from({ length: 5 }, () => draw.of(PIECES)).join(""),
  );
  return [...WHOLE, ...drawn].map((pattern) => ({
    id: `pattern ${JSON.stringify(pattern).slice(0, 100)}`,
    answer: () => {
      const read = readPattern(pattern);
      if (!read.ok) return read.reason;
      const matcher = new Matcher(read.automaton);
      return NAMES.filter((name) => matcher.matches(name));
    },
  }));
}
