import { MAX_NESTING, MAX_REPETITION } from "./limits.ts";
import { escapedIn, LETTERS } from "./escapes.ts";
import type { CharacterSet, Edge, Syntax } from "./syntax.ts";
import { character, sequence, setOf } from "./syntax.ts";

/** A pattern that cannot be read; its message stands after a field's name. */
export class Unreadable extends Error {}

interface Flags {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
}

const EDGES: Readonly<Record<string, Edge>> = {
  A: "start",
  Z: "end",
  z: "end",
  b: "word edge",
  B: "no word edge",
};
const LOOKS: readonly (readonly [string, boolean, boolean])[] = [
  ["(?=", false, false],
  ["(?!", false, true],
  ["(?<=", true, false],
  ["(?<!", true, true],
];
const NEWLINE = 10;
/** Longest comment, or name of a group, that is read. */
const MAX_AHEAD = 200;

/** Reads the syntax of Python's `re`. */
export class PatternReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws {Unreadable} Where Python would refuse it, or this reader does. */
  read(): Syntax {
    const flags = this.#globalFlags({ ignoreCase: false, dotAll: false });
    const syntax = this.#choice(flags);
    if (this.#at < this.#text.length) throw invalid("it has a ) too many");
    return syntax;
  }

  #globalFlags(flags: Flags): Flags {
    const [whole, letters = ""] = this.#ahead(/^\(\?([a-zA-Z]+)\)/) ?? [];
    if (whole === undefined) return flags;
    this.#at += whole.length;
    return this.#globalFlags(withFlags(flags, letters, ""));
  }

  #choice(flags: Flags): Syntax {
    const items = [this.#sequence(flags)];
    while (this.#take("|")) items.push(this.#sequence(flags));
    const [only] = items;
    return items.length === 1 && only ? only : { kind: "choice", items };
  }

  #sequence(flags: Flags): Syntax {
    const items: Syntax[] = [];
    while (this.#at < this.#text.length && !/[|)]/.test(this.#next())) {
      const isGroup = this.#next() === "(";
      const item = this.#item(flags);
      if (item) items.push(this.#repeated(item, isGroup));
    }
    return sequence(items);
  }

  /** One item; null for a comment. */
  #item(flags: Flags): Syntax | null {
    const { ignoreCase } = flags;
    const letter = this.#next();
    if (letter === "(") return this.#group(flags);
    if (letter === "[") return this.#set(ignoreCase);
    if (letter === "\\") return this.#escape(ignoreCase);
    if (/[*+?]/.test(letter) || this.#count()) {
      throw invalid(`it repeats nothing with ${letter}`);
    }
    this.#at += letter.length;
    if (letter === "^") return { kind: "edge", edge: "start" };
    if (letter === "$") return { kind: "edge", edge: "end" };
    if (letter === ".") {
      return setOf(flags.dotAll ? [] : [[NEWLINE, NEWLINE]], { negated: true });
    }
    return character(letter.codePointAt(0) ?? 0, ignoreCase);
  }

  #repeated(item: Syntax, isGroup: boolean): Syntax {
    const found = this.#count();
    if (!found) return item;
    if (item.kind === "edge" && !isGroup) throw invalid("it repeats a place");
    const { whole, min, max } = found;
    this.#at += whole.length;
    if (this.#take("+")) {
      throw new Unreadable(
        `must not have possessive repetitions such as ${whole}+: write ${whole}`,
      );
    }
    this.#take("?");
    if (this.#count()) throw invalid("it repeats a repetition: group it first");
    if (max !== null && min > max) {
      throw invalid(`it repeats ${min} to ${max} times`);
    }
    const most = Math.max(min, max ?? 0);
    if (most > MAX_REPETITION) {
      throw new Unreadable(
        `must repeat at most ${MAX_REPETITION} times, not ${most}`,
      );
    }
    return { kind: "repeat", item, min, max };
  }

  /** How often the item before is repeated; null where no such thing follows. */
  #count(): { whole: string; min: number; max: number | null } | null {
    const sign = this.#next();
    if (sign === "*") return { whole: sign, min: 0, max: null };
    if (sign === "+") return { whole: sign, min: 1, max: null };
    if (sign === "?") return { whole: sign, min: 0, max: 1 };
    const found = this.#ahead(/^\{(\d*)(?:(,)(\d*))?\}/);
    const [whole = "", least = "", comma, most = ""] = found ?? [];
    if (!found || (least === "" && comma === undefined)) return null;
    const min = Number(least);
    return {
      whole,
      min,
      max: comma === undefined ? min : most === "" ? null : Number(most),
    };
  }

  #group(flags: Flags): Syntax | null {
    const comment = this.#ahead(/^\(\?#[^)]*\)/)?.[0];
    if (comment !== undefined) {
      this.#at += comment.length;
      return null;
    }
    for (const [begin, behind, negated] of LOOKS) {
      if (!this.#take(begin)) continue;
      return { kind: "look", behind, negated, item: this.#inner(flags) };
    }
    const scoped = this.#ahead(/^\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?:/);
    if (scoped) {
      const [whole, on = "", off = ""] = scoped;
      this.#at += whole.length;
      return this.#inner(withFlags(flags, on, off));
    }
    const named = this.#ahead(/^\(\?P<[^\W\d]\w*>/u)?.[0];
    if (named !== undefined) {
      this.#at += named.length;
      return this.#inner(flags);
    }
    this.#refuseGroup();
    this.#at++;
    return this.#inner(flags);
  }

  #refuseGroup(): void {
    const begin = this.#ahead(/^\(\?(?:P=|P>|[a-zA-Z]+\)|.?)/u)?.[0];
    if (begin === undefined) return;
    throw begin === "(?P="
      ? new Unreadable(
        "must not refer to groups, (?P=name): write what they match again",
      )
      : begin === "(?>"
      ? new Unreadable("must not have atomic groups, (?>…): write (?:…)")
      : begin === "(?("
      ? new Unreadable(
        "must not have conditions, (?(…)…): write both cases with |",
      )
      : begin === "(?<"
      ? new Unreadable(
        "must name groups as Python does, (?P<name>…), or write (?:…)",
      )
      : begin.endsWith(")")
      ? new Unreadable(`must have flags such as ${begin} at its beginning`)
      : invalid(`it has an unknown group, ${begin}`);
  }

  #inner(flags: Flags): Syntax {
    if (++this.#depth > MAX_NESTING) {
      throw new Unreadable(
        `must nest groups at most ${MAX_NESTING} deep`,
      );
    }
    const inner = this.#choice(flags);
    if (!this.#take(")")) throw invalid("it lacks a )");
    this.#depth--;
    return inner;
  }

  #escape(ignoreCase: boolean): Syntax {
    const letter = this.#text[this.#at + 1] ?? "";
    const edge = EDGES[letter];
    if (edge !== undefined) {
      this.#at += 2;
      return { kind: "edge", edge };
    }
    if (/[1-9]/.test(letter) && !this.#ahead(/^\\[1-3][0-7]{2}/)) {
      throw new Unreadable(
        `must not refer to groups, \\${letter}: write what they match again`,
      );
    }
    const shorthand = LETTERS[letter];
    if (shorthand) {
      this.#at += 2;
      return setOf([], { shorthands: [shorthand] });
    }
    return character(this.#escaped(), ignoreCase);
  }

  /** The character that an escape stands for. */
  #escaped(): number {
    const found = escapedIn(this.#text, this.#at);
    if (!found) {
      const shown = this.#ahead(/^\\.?/su)?.[0] ?? "\\";
      throw invalid(`it has ${shown}, which is no escape of Python's`);
    }
    this.#at = found.end;
    return found.code;
  }

  #set(ignoreCase: boolean): Syntax {
    this.#at++;
    const negated = this.#take("^");
    const ranges: [number, number][] = [];
    const shorthands: CharacterSet["shorthands"][number][] = [];
    for (let first = true; first || this.#next() !== "]"; first = false) {
      const from = this.#member();
      const isRange = this.#next() === "-" &&
        !["]", undefined].includes(this.#text[this.#at + 1]);
      if (!isRange) {
        if (typeof from === "number") ranges.push([from, from]);
        else shorthands.push(from);
        continue;
      }
      this.#at++;
      const to = this.#member();
      if (typeof from !== "number" || typeof to !== "number" || from > to) {
        throw invalid("it has a range of characters that is none");
      }
      ranges.push([from, to]);
    }
    this.#at++;
    return setOf(ranges, { negated, ignoreCase, shorthands });
  }

  #member(): number | CharacterSet["shorthands"][number] {
    const letter = this.#next();
    if (letter === "") throw invalid("it lacks a ]");
    if (letter !== "\\") {
      this.#at += letter.length;
      return letter.codePointAt(0) ?? 0;
    }
    const shorthand = LETTERS[this.#text[this.#at + 1] ?? ""];
    if (shorthand) {
      this.#at += 2;
      return shorthand;
    }
    if (this.#take("\\b")) return 8;
    return this.#escaped();
  }

  #next(): string {
    const code = this.#text.codePointAt(this.#at);
    return code === undefined ? "" : String.fromCodePoint(code);
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  /** What stands here, if it looks so; nothing that is looked for is long. */
  #ahead(expression: RegExp): RegExpExecArray | null {
    return expression.exec(this.#text.slice(this.#at, this.#at + MAX_AHEAD));
  }
}

function withFlags(flags: Flags, on: string, off: string): Flags {
  const other = /[^isu]/.exec(on + off)?.[0];
  if (other !== undefined) {
    throw new Unreadable(
      `must have no flags but i, s and u, not ${other}`,
    );
  }
  return {
    ignoreCase: !off.includes("i") && (flags.ignoreCase || on.includes("i")),
    dotAll: !off.includes("s") && (flags.dotAll || on.includes("s")),
  };
}

function invalid(why: string): Unreadable {
  return new Unreadable(
    `must be a regular expression that compiles: ${why}`,
  );
}
