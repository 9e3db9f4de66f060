import { FORMATS } from "../../lib/interop/tools.ts";

/** A table's cells, a row each. */
export type Rows = string[][];

/** What docs/configurations.md says of each format, by its title. */
export function configurationRows(): Map<string, Rows> {
  return new Map(
    FORMATS.filter(({ rules }) => rules.length > 0).map((format) => [
      format.title,
      [
        ...format.rules.map(({ keys, fields, values = "" }) => [
          codes(keys),
          codes(fields),
          cell(values),
        ]),
        ...format.unexpressed.map(({ keys, reason, moves_memory }) => [
          codes(keys),
          moves_memory ? "none: a warning" : "none",
          cell(reason),
        ]),
      ],
    ]),
  );
}

/** The tables as they stand in the document. */
export function rowsOf(markdown: string): Map<string, Rows> {
  const sections = markdown.split(/^## /m).slice(1).map((section) => {
    const [title = "", ...lines] = section.split("\n");
    const rows = lines.filter((line) => line.startsWith("|"))
      .map((line) =>
        line.replaceAll("\\|", "\u0001").split("|").slice(1, -1)
          .map((text) => text.trim().replaceAll("\u0001", "\\|"))
      )
      .filter(([first = ""]) => !/^-+$/.test(first));
    return [title, rows.slice(1)] as [string, Rows];
  });
  return new Map(sections.filter(([, rows]) => rows.length > 0));
}

/** Writes the tables anew, between the texts that stand around them. */
export function withRows(markdown: string, rows: Map<string, Rows>): string {
  const tables = [...rows].map(([title, lines]) =>
    [
      `## ${title}`,
      "",
      "| Setting | Field | Values, or why there is none |",
      "| --- | --- | --- |",
      ...lines.map((cells) => `| ${cells.join(" | ")} |`),
      "",
    ].join("\n")
  ).join("\n");
  const [before = ""] = markdown.split(/^## (?=accelerate|Megatron-LM)/m);
  return `${before.trimEnd()}\n\n${tables}`;
}

function codes(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
