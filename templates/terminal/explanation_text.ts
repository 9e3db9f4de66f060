import type { Explanation } from "../../lib/mod.ts";
import {
  adviceOf,
  figureRows,
  filledText,
} from "../explain/explanation_words.ts";
import { adviceText } from "./advice_text.ts";
import { plainTable, trimmed } from "./plain_table.ts";

/** Why memory ran short, for a terminal. */
export function explanationText(explanation: Explanation): string {
  const { words, causes, steps, filled, read, scenario } = explanation;
  const rows = figureRows(read);
  const table = plainTable(["left", "right"]);
  for (const { name, value } of rows) table.push([name, value]);
  const advice = adviceOf(explanation);
  const blocks = [
    words,
    ...(causes.some(({ bytes }) => bytes !== causes[0]?.bytes)
      ? [listed("What has these sizes", causes.map((cause) => cause.words))]
      : []),
    ...(steps.length > 0 ? [listed("What to do next", steps)] : []),
    ...(advice && scenario ? [adviceText(advice, { scenario })] : []),
    ...(rows.length > 0 ? [trimmed(table.toString())] : []),
    ...(filled.length > 0
      ? [
        listed(
          "Read from the text",
          filled.map((field) =>
            `${field.path}=${filledText(field)} (${field.from})`
          ),
        ),
      ]
      : []),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function listed(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `  - ${line}`)].join("\n");
}
