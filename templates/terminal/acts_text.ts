import type { ActLine } from "../../lib/mod.ts";
import { formatBytes } from "../../lib/mod.ts";

/** Acts for a terminal, a line each. */
export function actsText(lines: readonly ActLine[]): string {
  const rows = lines.map((
    { step, phase, at, act, what, net, peak, standing },
  ) => [
    step,
    phase,
    typeof at === "number" ? `layer ${at}` : at,
    `${act} ${what}`,
    signed(net),
    peak > Math.max(0, net) ? `within ${signed(peak)}` : "",
    formatBytes(standing),
  ]);
  const widths = rows.reduce(
    (most, row) => row.map((cell, at) => Math.max(most[at] ?? 0, cell.length)),
    [] as number[],
  );
  return rows.map((row, number) => {
    const cells = row.map((cell, at) =>
      at < LEFT ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)
    );
    const { wires } = lines[number] as ActLine;
    const from = wires.length > 0 ? `  from ${wires.join(", ")}` : "";
    return `${cells.join("  ")}${from}\n`;
  }).join("");
}

/** Columns of words; those behind them are numbers. */
const LEFT = 4;

function signed(bytes: number): string {
  return bytes > 0 ? `+${formatBytes(bytes)}` : formatBytes(bytes);
}
