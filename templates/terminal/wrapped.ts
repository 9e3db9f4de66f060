import { widthOf } from "./plain_table.ts";

/** Columns that a line keeps beside its indent, however narrow the terminal. */
const LEAST = 20;

/**
 * Breaks lines between words, so that a terminal need not break them in words;
 * what follows stands under the line's own beginning.
 *
 * @param width Columns of the terminal; null where there is none.
 */
export function wrapped(text: string, width: number | null): string {
  if (width === null) return text;
  return text.split("\n").map((line) => wrappedLine(line, width)).join("\n");
}

function wrappedLine(line: string, width: number): string {
  // Rows of a table have been fitted, and keep their columns.
  if (widthOf(line) <= width || /\S {2,}\S/.test(line)) return line;
  // deno-lint-ignore no-control-regex -- an escape begins a colour
  const start = line.match(/^(?:\x1b\[\d*m)* *(?:- )?/)?.[0] ?? "";
  const indent = " ".repeat(widthOf(start));
  const most = Math.max(width, indent.length + LEAST);
  const lines: string[] = [];
  const [first = "", ...words] = line.slice(start.length).split(" ");
  let current = `${start}${first}`;
  for (const word of words) {
    if (widthOf(current) + 1 + widthOf(word) <= most) {
      current += ` ${word}`;
      continue;
    }
    lines.push(current);
    current = `${indent}${word}`;
  }
  return [...lines, current].join("\n");
}
