import type { Accuracy } from "../../lib/ask/accuracy.ts";
import { TRACED } from "../../lib/evidence/case.ts";
import type { ScoreRow } from "../../lib/evidence/score.ts";
import { AIM } from "../../lib/evidence/score.ts";

/** Stands behind a figure that is compared by a method's one total. */
export const ONE_TOTAL = "*";

/** What {@linkcode ONE_TOTAL} means. */
export const ONE_TOTAL_NOTE =
  "* the method knows one total only, and it is compared with whatever the case counted";

/** The headers of {@linkcode scoreCells}. */
export const SCORE_HEADERS = [
  "Cases",
  "Predicted",
  "Median |error|",
  "p95 |error|",
  "Worst",
  "Bias",
  "Worst case",
];

/** A score as text, a cell for each of {@linkcode SCORE_HEADERS}. */
export function scoreCells(row: ScoreRow): string[] {
  return [
    String(row.cases),
    String(row.predicted),
    size(row.median_abs_error),
    size(row.p95_abs_error),
    signed(row.worst?.error ?? null),
    signed(row.bias),
    row.worst?.id ?? "",
  ];
}

/** A method's name, marked where its one total stood for the counter. */
export function markedMethod({ method, basis }: ScoreRow): string {
  return basis === "one total" || basis === "both"
    ? method + ONE_TOTAL
    : method;
}

/** "818 cases: 800 measured runs and 18 traced steps". */
export function countedCases({ cases }: Accuracy): string {
  const traced = cases.filter(({ group }) => group === TRACED).length;
  const measured = cases.length - traced;
  return `${cases.length} cases: ${measured} measured figures and ${traced} traced steps`;
}

/** The aim in words. */
export const AIM_TEXT = `${AIM.cases}: median at most ${
  size(AIM.median_abs_error)
}, p95 at most ${size(AIM.p95_abs_error)}`;

/** Whether a method reaches the aim. */
export function aimVerdict(row: ScoreRow): string {
  const { median_abs_error: median, p95_abs_error: p95 } = row;
  if (median === null || p95 === null) return "nothing predicted";
  if (row.predicted < row.cases) return "not reached: some are not predicted";
  return median <= AIM.median_abs_error && p95 <= AIM.p95_abs_error
    ? "reached"
    : "not reached";
}

function size(share: number | null): string {
  return share === null ? "–" : `${(100 * share).toFixed(1)} %`;
}

/** An error with its sign: "+12.3 %". */
export function signed(error: number | null): string {
  if (error === null) return "–";
  const text = (100 * Math.abs(error)).toFixed(1);
  const sign = text === "0.0" ? "" : error < 0 ? "−" : "+";
  return `${sign}${text} %`;
}
