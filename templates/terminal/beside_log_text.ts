import type { BesideLog } from "../../lib/mod.ts";
import { besideLogCells } from "../beside_log_words.ts";
import { plainTable, trimmed } from "./plain_table.ts";
import { styler } from "./style.ts";

/** A log's figures beside the estimate's; nothing without a log. */
export function besideLogText(
  rows: readonly BesideLog[],
  options: { readonly color: boolean },
): string {
  if (rows.length === 0) return "";
  const write = styler(options.color);
  const table = plainTable(["left", "right", "right", "right"]);
  table.push(
    ["", "Logged", "Estimated", "Off"].map((name) => write(name, "bold")),
    ...rows.map(besideLogCells).map(({ name, logged, estimated, off }) => [
      name,
      logged,
      estimated,
      off,
    ]),
  );
  return `\n${write("Beside the log", "bold")}\n${trimmed(table.toString())}\n`;
}
