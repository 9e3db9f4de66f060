import { DEFAULT_SCENARIO, fieldAt, leavesOf } from "../../lib/mod.ts";

/** A row of the reference: the field, its default and what it says. */
export type Row = [field: string, usual: string, says: string];

/** What docs/scenario.md says of each field, as it is defined. */
export function scenarioRows(): Row[] {
  return leavesOf({ ...DEFAULT_SCENARIO, model: "" }).map(({ path, value }) => [
    code(path),
    typeof value === "string"
      ? value === "" ? "" : code(value)
      : Array.isArray(value)
      ? code(JSON.stringify(value))
      : JSON.stringify(value),
    (fieldAt(path)?.help ?? "").replaceAll("|", "\\|"),
  ]);
}

/** The rows as they stand in the document. */
export function rowsOf(markdown: string): Row[] {
  const [scenario = ""] = markdown.split("## Estimate");
  return [...scenario.matchAll(/^\| (`[a-z0-9_.]+`) *\| ([^|]*)\| (.*) *\|$/gm)]
    .map(([, field = "", usual = "", says = ""]): Row => [
      field,
      usual.trim(),
      says.trim(),
    ]);
}

/** Writes the table anew, between the texts that stand around it. */
export function withRows(markdown: string, rows: readonly Row[]): string {
  const lines = markdown.split("\n");
  const isRow = (line: string): boolean => line.startsWith("|");
  const from = lines.findIndex(isRow);
  const length = lines.slice(from).findIndex((line) => !isRow(line));
  return [
    ...lines.slice(0, from),
    "| field | default | what it says |",
    "| --- | --- | --- |",
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
    ...lines.slice(from + length),
  ].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}
