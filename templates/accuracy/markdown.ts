import type { Accuracy } from "../../lib/ask/accuracy.ts";
import type { Prediction } from "../../lib/evidence/predict.ts";
import type { ScoreRow } from "../../lib/evidence/score.ts";
import { MIN_RUNS } from "../../lib/evidence/band.ts";
import { sourceUrl } from "../../lib/evidence/source_url.ts";
import { formatBytes } from "../../lib/mod.ts";
import {
  AIM_TEXT,
  aimVerdict,
  countedCases,
  markedMethod,
  ONE_TOTAL_NOTE,
  SCORE_HEADERS,
  scoreCells,
  signed,
} from "./score_cells.ts";
import { METHOD_WORDS } from "./method_words.ts";

/** How many of a method's worst predictions are listed. */
const WORST = 15;

/** Writes docs/accuracy.md: the same text for the same cases and methods. */
export function accuracyMarkdown(accuracy: Accuracy): string {
  const { board } = accuracy;
  return [
    "# Accuracy",
    "`deno task accuracy --write` writes this file and its picture; a test compares\nthem with what the command would write now.",
    `${
      countedCases(accuracy)
    }. A measured figure is what somebody's GPU really used, by one counter; a traced step is a training step of PyTorch whose allocations were recorded one by one. [tests/truth](../tests/truth/README.md) says where they come from. Each method answers the scenario of every case.`,
    "An error is predicted ÷ measured − 1. The bias is the mean error: above 0 the method says too much. p95 is the size that 95 of 100 errors stay below.",
    escaped(ONE_TOTAL_NOTE) + ".",
    "![Predicted against measured memory, a panel for each method](accuracy.svg)",
    "## Overall",
    "Every case counts once, by its own figure; a traced step by its peak.",
    scores([], board.overall, () => []),
    "## The aim",
    `${upper(AIM_TEXT)}.`,
    scores(["Aim"], board.aim, (row) => [aimVerdict(row)]),
    "## By counter",
    "`allocated`, `reserved` and `device` are what PyTorch's allocator hands out, what it holds, and what nvidia-smi shows; `steady` is between steps. `weights_bytes` and `kv_bytes` are parts, as serving engines log them. `step_…` are the phases of a traced step.",
    scores(["Counter"], board.counters, ({ counter }) => [code(counter)]),
    "## By group",
    "A group is the cases of one publication. Its own figures come first, then each of its counters.",
    scores(
      ["Group", "Counter"],
      board.groups,
      ({ group, counter }) => [
        code(group),
        counter === null ? "own figure" : code(counter),
      ],
    ),
    "## The worst",
    ...accuracy.methods.flatMap((method) => worst(accuracy, method)),
    "## Not predicted",
    ...notPredicted(accuracy),
    "## The methods",
    accuracy.methods.map((method) => `- ${code(method)}: ${wordsOf(method)}`)
      .join("\n"),
    "## What is made of it",
    `The band of doubt in an answer is the 5th and 95th percentile of measured ÷ predicted over the measured runs of the scenario's class: the same way to train, on one GPU or several, by the same counter. A class with fewer than ${MIN_RUNS} runs gives way to the next wider one, and the answer says so. The band always reaches the figure itself, also where a method is off to one side. The nearest measured runs in an answer are those that differ least from the scenario, where doubling the tokens or the parameters counts as 1 and each setting as much as it usually moves the peak beside that; the list of weights is in \`lib/evidence/likeness.ts\`. They are chosen, not fitted. Of one publication at most two are shown.`,
  ].map(wrapped).join("\n\n") + "\n";
}

function scores(
  headers: readonly string[],
  rows: readonly ScoreRow[],
  cells: (row: ScoreRow) => string[],
): string {
  if (rows.length === 0) return "There is no such case.";
  return table(
    [...headers, "Method", ...SCORE_HEADERS],
    rows.map((row) => [
      ...cells(row),
      escaped(markedMethod(row)),
      ...scoreCells(row).map(escaped),
    ]),
    1 + headers.length,
  );
}

function worst({ predictions }: Accuracy, method: string): string[] {
  const found = predictions.filter((each) =>
    each.method === method && each.headline && each.error !== null
  ).toSorted((a, b) => Math.abs(b.error ?? 0) - Math.abs(a.error ?? 0))
    .slice(0, WORST);
  return [
    `The ${found.length} cases in which \`${method}\` is furthest off, and who measured them:`,
    table(
      ["Case", "Counter", "Measured", "Predicted", "Error", "Source"],
      found.map((each) => [
        escaped(each.case.id),
        code(each.reading.counter),
        formatBytes(each.reading.bytes),
        formatBytes(each.figure?.bytes ?? 0),
        signed(each.error),
        sourceLink(each),
      ]),
      2,
    ),
  ];
}

function sourceLink({ case: { source } }: Prediction): string {
  const url = sourceUrl(source);
  const [name = source] = source.split(/[ ,]/, 1);
  return url === null ? escaped(source) : `[${escaped(name)}](${url})`;
}

function notPredicted({ unpredicted }: Accuracy): string[] {
  if (unpredicted.length === 0) return ["Every case is predicted."];
  return unpredicted.map(({ method, reason, counters, ids }) =>
    [
      `- \`${method}\`, ${ids.length} ${ids.length === 1 ? "case" : "cases"} (${
        counters.map(code).join(", ")
      }): ${escaped(reason)}`,
      `  <details><summary>Which</summary>${
        ids.map(escaped).join(", ")
      }</details>`,
    ].join("\n")
  );
}

/** A table whose columns from `numbers` on are aligned to the right. */
function table(
  headers: readonly string[],
  rows: readonly string[][],
  numbers: number,
): string {
  const last = headers.length - 1;
  const rule = headers.map((_, at) =>
    at < numbers || at === last ? "---" : "---:"
  );
  return [headers.map(escaped), rule, ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Paragraphs at 80 characters, as the other documents have them. */
function wrapped(block: string): string {
  if (/^[#|!]|^ *- /.test(block) || block.includes("\n")) return block;
  const lines = [""];
  for (const word of block.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= 80) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(word);
  }
  return lines.join("\n");
}

function wordsOf(method: string): string {
  const found = Object.entries(METHOD_WORDS).find(([name]) => name === method);
  return found?.[1] ?? "";
}

function code(text: string | null): string {
  return `\`${text}\``;
}

/** Text that Markdown shows as it is. */
function escaped(text: string): string {
  return text.replaceAll(/[|*_<\[\]`]/g, "\\$&");
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
