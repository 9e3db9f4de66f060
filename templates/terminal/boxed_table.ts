import Table from "cli-table3";
import type { Box } from "../../lib/ask/tables/table_style.ts";

/** Corners and lines of each kind of box: corners and crossings row by row. */
const LINES: Record<Box, string> = {
  //        ┌ ┬ ┐ ├ ┼ ┤ └ ┴ ┘, then lines: outer ─ and │, inner ─ and │
  ROUNDED: "╭┬╮├┼┤╰┴╯─│─│",
  DOUBLE_EDGE: "╔╤╗╟┼╢╚╧╝═║─│",
  HEAVY_EDGE: "┏┯┓┠┼┨┗┷┛━┃─│",
  ASCII: "+++++++++-|-|",
  SIMPLE: "             ",
};

/**
 * A table inside of lines.
 *
 * @param lined Whether lines stand between the rows too.
 */
export function boxedTable(
  rows: readonly string[][],
  { box, lined, aligns }: {
    box: Box;
    lined: boolean;
    aligns: ("left" | "right")[];
  },
): string {
  const [
    topLeft = "",
    topMid = "",
    topRight = "",
    leftMid = "",
    midMid = "",
    rightMid = "",
    bottomLeft = "",
    bottomMid = "",
    bottomRight = "",
    top = "",
    left = "",
    mid = "",
    middle = "",
  ] = [...LINES[box]];
  const table = new Table({
    chars: {
      "top": top,
      "top-mid": topMid,
      "top-left": topLeft,
      "top-right": topRight,
      "bottom": top,
      "bottom-mid": bottomMid,
      "bottom-left": bottomLeft,
      "bottom-right": bottomRight,
      left,
      "left-mid": leftMid,
      mid,
      "mid-mid": midMid,
      right: left,
      "right-mid": rightMid,
      middle,
    },
    style: { head: [], border: [] },
    colAligns: aligns,
  });
  table.push(...rows);
  const lines = table.toString().split("\n");
  // The line below the header stays; cli-table3 draws one below every row.
  return (lined
    ? lines
    : lines.filter((_, at) =>
      at < 3 || at % 2 === 1 || at === lines.length - 1
    )).map((line) => line.trimEnd()).filter((line) => line !== "").join("\n");
}
