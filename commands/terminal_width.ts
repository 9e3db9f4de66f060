import { stdout } from "node:process";

/** Columns of the terminal; null where the output goes elsewhere. */
export function terminalWidth(): number | null {
  return stdout.isTTY ? stdout.columns || null : null;
}
