import { stripVTControlCharacters } from "node:util";
import Table from "cli-table3";

/** Spaces between two columns. */
const BETWEEN = "  ";

/** Signs that the last column keeps, however narrow the terminal. */
const LEAST_LAST = 20;

const NO_LINES = Object.fromEntries(
  [
    "top",
    "top-mid",
    "top-left",
    "top-right",
    "bottom",
    "bottom-mid",
    "bottom-left",
    "bottom-right",
    "left",
    "left-mid",
    "mid",
    "mid-mid",
    "right",
    "right-mid",
  ].map((name) => [name, ""]),
);

/** A table without lines: it reads the same in a file as on a screen. */
export function plainTable(
  colAligns: ("left" | "right")[],
): InstanceType<typeof Table> {
  return tableOf(colAligns);
}

/**
 * Rows as a table without lines, whose last column is wrapped to a terminal.
 *
 * @param width Columns of the terminal; null where there is none, and nothing is
 *   wrapped.
 */
export function fittedTable(
  colAligns: ("left" | "right")[],
  rows: readonly string[][],
  width: number | null,
): string {
  const widths = colAligns.map((_, at) =>
    Math.max(0, ...rows.map((row) => widthOf(row[at] ?? "")))
  );
  const before = widths.slice(0, -1)
    .reduce((sum, each) => sum + each + BETWEEN.length, 0);
  const last = Math.max(LEAST_LAST, (width ?? Infinity) - before);
  const isWide = last < (widths.at(-1) ?? 0);
  const table = isWide
    ? tableOf(colAligns, [...widths.slice(0, -1), last])
    : tableOf(colAligns);
  table.push(...rows.map((row) => [...row]));
  return trimmed(table.toString());
}

/** Without the spaces that fill the last column. */
export function trimmed(text: string): string {
  return text.split("\n").map((line) => line.trimEnd()).join("\n");
}

/** How many columns a text takes, whatever its colours. */
export function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

function tableOf(
  colAligns: ("left" | "right")[],
  colWidths?: number[],
): InstanceType<typeof Table> {
  return new Table({
    chars: { ...NO_LINES, middle: BETWEEN },
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    colAligns,
    ...(colWidths ? { colWidths, wordWrap: true } : {}),
  });
}
