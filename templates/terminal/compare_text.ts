import type { Estimate } from "../../lib/mod.ts";
import type { Row } from "../compare/rows.ts";
import { resultRows, settingRows } from "../compare/rows.ts";
import { letterOf } from "../form/comparison.ts";
import { plainTable, trimmed } from "./plain_table.ts";

/**
 * Scenarios side by side, for a terminal: what differs between their settings,
 * then what they need, with the differences from the first.
 *
 * @param names What each is called.
 */
export function compareText(
  estimates: readonly Estimate[],
  names: readonly string[],
): string {
  const titles = names.map((name, at) => `${letterOf(at)} ${name}`);
  const settings = settingRows(estimates);
  return [
    settings.length === 0
      ? "Settings that differ: none"
      : tableOf("Settings that differ", titles, settings),
    tableOf("What they need, per GPU", titles, resultRows(estimates)),
    ...estimates.flatMap(({ warnings }, at) =>
      warnings.length === 0 ? [] : [
        [
          `Warnings of ${titles[at]}`,
          ...warnings.map((warning) => `  - ${warning}`),
        ].join("\n"),
      ]
    ),
  ].join("\n\n") + "\n";
}

function tableOf(
  title: string,
  titles: readonly string[],
  rows: readonly Row[],
): string {
  const table = plainTable(["left", ...titles.map(() => "left" as const)]);
  table.push([title, ...titles]);
  for (const { label, path, cells } of rows) {
    table.push([
      path === undefined || path === label ? label : `${label} (${path})`,
      ...cells.map((cell) =>
        cell === null
          ? ""
          : path === undefined && cell.difference !== ""
          ? `${cell.text} (${cell.difference})`
          : cell.text
      ),
    ]);
  }
  return trimmed(table.toString());
}
