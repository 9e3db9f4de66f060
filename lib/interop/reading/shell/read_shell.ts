import type { Word } from "./statements.ts";
import { statementsOf } from "./statements.ts";
import type { Variables } from "./variables.ts";
import { expand } from "./variables.ts";

/** The flags that a script starts its program with. */
export interface ShellFlags {
  /** By name without dashes; true where no value follows. */
  flags: Record<string, string | true>;
  notes: string[];
}

const OPENS = new Set(["if", "for", "while", "until", "case", "function"]);
const CLOSES = new Set(["fi", "done", "esac"]);

/** The commands of a script, and what was left out. */
export interface ShellCommands {
  /** The words of each, with variables followed. */
  commands: string[][];
  /** Values of variables and arrays, as they are set. */
  variables: Variables;
  /** Lines that stand in conditions or loops. */
  left: number;
}

/**
 * Follows a shell script: variables and arrays as they are set, and its commands.
 * Nothing is run; what stands in conditions and loops is left out.
 */
export function commandsOf(script: string): ShellCommands {
  const variables: Variables = new Map();
  const commands: string[][] = [];
  let left = 0;
  let nested = 0;
  for (const statement of statementsOf(script)) {
    const first = plain(statement[0]);
    if (CLOSES.has(first)) nested = Math.max(0, nested - 1);
    else if (OPENS.has(first)) nested++;
    else if (nested > 0) {
      if (["then", "do", "else", "elif"].includes(first)) continue;
      left++;
    } else if (!assign(statement, variables)) {
      const words = statement.flatMap((word) => expand(word, variables));
      // What is pasted often lost the ends of its lines.
      const last = first.startsWith("--") ? commands.at(-1) : undefined;
      if (last) last.push(...words);
      else commands.push(words);
    }
  }
  return { commands, variables, left };
}

/** Reads a shell script: the flags of the command that has the most. */
export function readShell(script: string): ShellFlags {
  const { commands, variables, left } = commandsOf(script);
  const flags = commands.map(flagsOf)
    .toSorted((a, b) => Object.keys(b).length - Object.keys(a).length)[0] ?? {};
  // Scripts often only gather flags, for a line that somebody else writes.
  const found = Object.keys(flags).length > 0
    ? flags
    : flagsOf([...variables.values()].flat());
  return { flags: found, notes: leftOut(left) };
}

/** A remark on lines that are not followed. */
export function leftOut(lines: number): string[] {
  return lines === 0 ? [] : [
    `${lines} ${
      lines === 1 ? "line stands" : "lines stand"
    } in conditions or loops, which are not followed`,
  ];
}

/** Sets what a statement assigns; false where it is a command. */
function assign(statement: readonly Word[], variables: Variables): boolean {
  let words = [...statement];
  if (/^(?:export|declare|local|readonly)$/.test(plain(words[0]))) {
    words = words.slice(1);
    while (plain(words[0]).startsWith("-")) words = words.slice(1);
  }
  const array = plain(words[0]).match(/^(\w+)(\+?)=\($/);
  if (array) {
    const [, name = "", more] = array;
    const values = words.slice(1, -1).flatMap((word) =>
      expand(word, variables)
    );
    variables.set(
      name,
      more === "+" ? [...variables.get(name) ?? [], ...values] : values,
    );
    return true;
  }
  if (words.length === 0) return true;
  const set: [string, string, Word][] = [];
  while (words.length > 0) {
    const [word] = words;
    const match = word && nameOf(word);
    if (!match) break;
    set.push(match);
    words = words.slice(1);
  }
  for (const [name, more, value] of set) {
    const values = expand(value, variables);
    variables.set(
      name,
      more === "+" ? [...variables.get(name) ?? [], ...values] : values,
    );
  }
  return set.length > 0 && words.length === 0;
}

/** The name that a word sets, and the rest of the word. */
function nameOf(word: Word): [name: string, more: string, rest: Word] | null {
  let name = "";
  for (const [at, piece] of word.entries()) {
    if (piece.quoted) return null;
    name += piece.text;
    const match = name.match(/^(\w+)(\+?)=$/);
    if (match) return [match[1] ?? "", match[2] ?? "", word.slice(at + 1)];
    if (!/^\w+\+?$/.test(name)) return null;
  }
  return null;
}

function flagsOf(words: readonly string[]): Record<string, string | true> {
  const flags: Record<string, string | true> = Object.create(null);
  let name: string | null = null;
  for (const word of words) {
    const match = word.match(/^--([A-Za-z][\w-]*)(?:=(.*))?$/);
    if (match) {
      const given = (match[1] ?? "").replaceAll("_", "-");
      flags[given] = match[2] ?? true;
      name = match[2] === undefined ? given : null;
    } else if (name !== null && !/\.py$|^--$/.test(word)) {
      const before: string | true | undefined = flags[name];
      flags[name] = typeof before === "string" ? `${before} ${word}` : word;
    } else name = null;
  }
  return flags;
}

function plain(word: Word | undefined): string {
  return (word ?? []).map(({ text }) => text).join("");
}
