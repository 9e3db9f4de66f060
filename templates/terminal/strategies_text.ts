import type { GpuLayout, GpuLayouts, Scenario } from "../../lib/mod.ts";
import { formatBytes, groupDigits } from "../../lib/mod.ts";
import type { AdvisedSet } from "../../lib/mod.ts";
import { setFlags } from "../advice_words.ts";
import {
  layoutsSummary,
  layoutWords,
  needWords,
} from "../strategies/layout_words.ts";
import { fittedTable } from "./plain_table.ts";
import { styler } from "./style.ts";
import { wrapped } from "./wrapped.ts";

/** Layouts that are listed unless all are asked for. */
const MOST = 12;

/** Ways to lay a scenario out, for a terminal. */
export function strategiesText(
  scenario: Scenario,
  gpus: number,
  found: GpuLayouts,
  { color, width, all }: {
    color: boolean;
    width: number | null;
    all: boolean;
  },
): string {
  const style = styler(color);
  const { verdict, fits, simplest, leanest } = layoutsSummary(
    scenario,
    gpus,
    found,
  );
  const played = found.rows.filter(({ peak_bytes }) => peak_bytes !== null);
  const refused = found.rows.filter(({ peak_bytes }) => peak_bytes === null);
  const shown = all ? played : played.slice(0, MOST);
  const unshown = played.length - shown.length;
  const told = (title: string, layout: GpuLayout | null): string[] =>
    layout === null ? [] : [
      `${title}: ${layoutWords(scenario, layout)}, ${
        needWords(layout)
      } per GPU`,
      `  ${setFlags(layout.set as AdvisedSet)}`,
    ];
  const blocks = [
    style(verdict, "bold", fits ? "green" : "red"),
    [
      ...told("The simplest that fits", simplest),
      ...told("The least memory", leanest),
    ].join("\n"),
    tableOf(scenario, shown, width),
    unshown > 0 ? `${unshown} more: --all lists them` : "",
    found.left_out > 0
      ? `${found.left_out} more were not tried: that would take too long`
      : "",
    refused.length === 0 ? "" : [
      style("What cannot be", "bold"),
      ...refused.map((layout) =>
        `  - ${layoutWords(scenario, layout)}: ${layout.reason}`
      ),
    ].join("\n"),
  ];
  return `${
    wrapped(blocks.filter((block) => block !== "").join("\n\n"), width)
  }\n`;
}

function tableOf(
  { task, ...scenario }: Scenario,
  layouts: readonly GpuLayout[],
  width: number | null,
): string {
  if (layouts.length === 0) return "";
  const whole = { ...scenario, task };
  const isServing = task === "serve";
  const rows = [
    [
      "Per GPU",
      "Fits",
      ...(isServing ? ["Cache tokens"] : []),
      "Smallest GPU",
      "How",
    ],
    ...layouts.map((layout) => [
      formatBytes(layout.peak_bytes ?? 0),
      layout.fits ? "yes" : "no",
      ...(isServing
        ? [
          typeof layout.kv_tokens === "number"
            ? groupDigits(layout.kv_tokens)
            : "",
        ]
        : []),
      layout.smallest_gpu ?? "none",
      layoutWords(whole, layout),
    ]),
  ];
  return fittedTable(
    ["right", "left", ...(isServing ? ["right" as const] : []), "left", "left"],
    rows,
    width,
  );
}
