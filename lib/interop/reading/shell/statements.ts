/** A piece of a word: what stands in single quotes is never expanded. */
export interface WordPiece {
  text: string;
  quoted: boolean;
  literal: boolean;
}

/** A word of a script; brackets of an array are words of their own. */
export type Word = readonly WordPiece[];

/**
 * Splits a script into statements and their words: comments and line
 * continuations go, quotes hold words together, `( … )` of an array may span
 * lines.
 */
export function statementsOf(script: string): Word[][] {
  const statements: Word[][] = [];
  let words: Word[] = [];
  let word: WordPiece[] | null = null;
  let depth = 0;
  const endWord = (): void => {
    if (word) words.push(word);
    word = null;
  };
  const endStatement = (): void => {
    endWord();
    if (words.length > 0) statements.push(words);
    words = [];
  };
  const add = (text: string, quoted: boolean, literal: boolean): void => {
    word ??= [];
    word.push({ text, quoted, literal });
  };
  let at = 0;
  while (at < script.length) {
    const rest = script.slice(at, at + 2);
    const character = rest.charAt(0);
    if (/^\\\r?$/.test(rest) || rest === "\\\n") {
      at = script.indexOf("\n", at) + 1 || script.length;
      endWord();
    } else if (character === "\\") {
      add(rest.charAt(1), true, true);
      at += 2;
    } else if (character === "'") {
      const end = endOf(script, "'", at + 1);
      add(script.slice(at + 1, end), true, true);
      at = end + 1;
    } else if (character === '"') {
      const end = endOf(script, '"', at + 1);
      add(script.slice(at + 1, end).replaceAll(/\\\r?\n/g, " "), true, false);
      at = end + 1;
    } else if (character === "$" && rest === "$(") {
      const end = closing(script, at + 1, "(", ")");
      add(script.slice(at, end + 1), false, false);
      at = end + 1;
    } else if (character === "$" && rest === "${") {
      const end = closing(script, at + 1, "{", "}");
      add(script.slice(at, end + 1), false, false);
      at = end + 1;
    } else if (character === "#" && word === null) {
      const end = script.indexOf("\n", at);
      at = end < 0 ? script.length : end;
    } else if (character === "(") {
      depth++;
      add("(", false, true);
      endWord();
      at++;
    } else if (character === ")") {
      depth = Math.max(0, depth - 1);
      endWord();
      words.push([{ text: ")", quoted: false, literal: true }]);
      at++;
    } else if (/[\n;&|]/.test(character)) {
      if (depth === 0) endStatement();
      else endWord();
      at++;
    } else if (/\s/.test(character)) {
      endWord();
      at++;
    } else {
      add(character, false, false);
      at++;
    }
  }
  endStatement();
  return statements;
}

/** Where a quotation ends, or the script where it never does. */
function endOf(script: string, quote: string, from: number): number {
  for (let at = from; at < script.length; at++) {
    if (script[at] === "\\" && quote === '"') at++;
    else if (script[at] === quote) return at;
  }
  return script.length;
}

function closing(
  script: string,
  from: number,
  open: string,
  close: string,
): number {
  let depth = 0;
  for (let at = from; at < script.length; at++) {
    if (script[at] === open) depth++;
    else if (script[at] === close && --depth === 0) return at;
  }
  return script.length;
}
