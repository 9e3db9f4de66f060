import type { Accuracy } from "../../lib/ask/accuracy.ts";
import type { ScoreRow } from "../../lib/evidence/score.ts";
import type { Unpredicted } from "../../lib/evidence/unpredicted.ts";
import {
  AIM_TEXT,
  aimVerdict,
  countedCases,
  markedMethod,
  ONE_TOTAL_NOTE,
  SCORE_HEADERS,
  scoreCells,
} from "../accuracy/score_cells.ts";
import { plainTable, trimmed } from "./plain_table.ts";

/** Writes a scoreboard for a terminal. */
export function accuracyText(accuracy: Accuracy): string {
  const { board, unpredicted } = accuracy;
  return [
    countedCases(accuracy),
    "Error: predicted ÷ measured − 1. Bias: the mean error; above 0 is too much.\n" +
    ONE_TOTAL_NOTE,
    table("Overall, each case's own figure", [], board.overall, () => []),
    table(
      `The aim: ${AIM_TEXT}`,
      ["Aim"],
      board.aim,
      (row) => [aimVerdict(row)],
    ),
    table(
      "By counter",
      ["Counter"],
      board.counters,
      ({ counter }) => [counter ?? ""],
    ),
    table(
      "By group",
      ["Group", "Counter"],
      board.groups,
      ({ group, counter }) => [group ?? "", counter ?? "own figure"],
    ),
    notPredicted(unpredicted),
  ].join("\n\n") + "\n";
}

function table(
  title: string,
  headers: readonly string[],
  rows: readonly ScoreRow[],
  cells: (row: ScoreRow) => string[],
): string {
  if (rows.length === 0) return `${title}\nno such case`;
  const last = SCORE_HEADERS.length - 1;
  const aligned = plainTable([
    ...headers.map(() => "left" as const),
    "left",
    ...SCORE_HEADERS.map((_, at) => at === last ? "left" : "right"),
  ]);
  aligned.push([...headers, "Method", ...SCORE_HEADERS]);
  for (const row of rows) {
    aligned.push([...cells(row), markedMethod(row), ...scoreCells(row)]);
  }
  return `${title}\n${trimmed(aligned.toString())}`;
}

function notPredicted(groups: readonly Unpredicted[]): string {
  if (groups.length === 0) return "Not predicted: none";
  const blocks = groups.map(({ method, reason, counters, ids }) =>
    [
      `${method}, ${ids.length} ${ids.length === 1 ? "case" : "cases"} (${
        counters.join(", ")
      }): ${reason}`,
      ...ids.map((id) => `  - ${id}`),
    ].join("\n")
  );
  return `Not predicted\n${blocks.join("\n")}`;
}
