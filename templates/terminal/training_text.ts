import type { CalculatorConfigRead, Estimate, Fit } from "../../lib/mod.ts";
import { formatBytes, fullness } from "../../lib/mod.ts";
import { devicePartsOf } from "../device_parts.ts";
import { plainTable, trimmed } from "./plain_table.ts";
import type { Style } from "./style.ts";
import { estimateText, VERDICTS } from "./estimate_text.ts";
import { styler } from "./style.ts";

/** What another method says of the same scenario. */
export interface SecondOpinion {
  method: Estimate["method"];
  memory: Estimate["memory"];
  host: Estimate["host"];
  /** Against the scenario's own GPU. */
  fit: Fit;
  warnings: string[];
}

/** Why another method says nothing of it. */
export interface NoSecondOpinion {
  reason: string;
}

/** What was made of a configuration. */
type Reading = Omit<CalculatorConfigRead, "scenario">;

/** Columns of the longest bar. */
const BAR_WIDTH = 40;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/**
 * Writes the estimate of a training run for a terminal: the usual text, with a
 * bar chart of the parts, the sum over all GPUs, a second opinion and what was
 * made of the configuration.
 *
 * @param options.opinion What the other method says, or why it says nothing;
 *   null where it is the one that answered.
 */
export function trainingText(
  estimate: Estimate,
  { color, opinion, read, width }: {
    color: boolean;
    width: number | null;
    opinion: SecondOpinion | NoSecondOpinion | null;
    read: Reading | null;
  },
): string {
  const style = styler(color);
  const text = estimateText(estimate, {
    color,
    width,
    chart: [chart(estimate, style)],
    beside: [
      totals(estimate),
      ...(opinion === null ? [] : [opinionText(opinion, style)]),
    ].filter((block) => block !== ""),
  });
  return read ? `${text}\n${readingText(read, color)}` : text;
}

/** Writes what was made of a configuration. */
export function readingText(
  { name, understood, assumed, ignored }: Reading,
  color: boolean,
): string {
  const style = styler(color);
  const blocks = [
    ["Understood", understood],
    ["Assumed", assumed],
    ["Ignored", ignored],
  ] as const;
  return [
    style(`Read as ${name}`, "bold"),
    ...blocks.filter(([, lines]) => lines.length > 0).map(([title, lines]) =>
      [`  ${title}`, ...lines.map((line) => style(`    - ${line}`, "dim"))]
        .join("\n")
    ),
  ].join("\n") + "\n";
}

/** The parts as bars, as long as their share of the GPU or of the peak. */
function chart(estimate: Estimate, style: Style): string {
  const own = estimate.fit[0];
  const { parts, beside, device } = devicePartsOf(estimate);
  if (!own || device === 0) return "";
  const whole = Math.max(device, own.usable_bytes);
  const { color } = VERDICTS[fullness(own.utilization)];
  const table = plainTable(["left", "left", "right"]);
  for (const { name, bytes } of [...parts, ...beside]) {
    table.push([name, bar(bytes / whole), percent(bytes / device)]);
  }
  table.push([
    style("Peak", "bold"),
    style(bar(device / whole), color),
    percent(1),
  ]);
  table.push([own.gpu, bar(own.usable_bytes / whole), ""]);
  return trimmed(table.toString());
}

function bar(share: number): string {
  const eighths = Math.round(share * BAR_WIDTH * EIGHTHS.length);
  const full = "█".repeat(Math.floor(eighths / EIGHTHS.length));
  return full + (EIGHTHS[eighths % EIGHTHS.length] ?? "");
}

function totals({ memory, scenario }: Estimate): string {
  const { gpus } = scenario.parallel;
  if (gpus === 1) return "";
  const each = memory.ranks ?? [];
  const all = each.length === 0
    ? gpus * memory.device_peak_bytes
    : each.reduce((sum, row) => sum + row.gpus * row.device_peak_bytes, 0);
  return `All ${gpus} GPUs: ${formatBytes(all)}`;
}

function opinionText(
  opinion: SecondOpinion | NoSecondOpinion,
  style: Style,
): string {
  const title = style(
    "Second opinion: the training memory calculator's own formulas",
    "bold",
  );
  if ("reason" in opinion) return `${title}\n  None: ${opinion.reason}`;
  const { memory, host, fit, warnings } = opinion;
  const { title: verdict, color } = VERDICTS[fullness(fit.utilization)];
  return [
    title,
    `  ${
      memory.parts.map(({ name, bytes }) => `${name} ${formatBytes(bytes)}`)
        .join(", ")
    }`,
    `  ${formatBytes(memory.device_peak_bytes)} of ${
      formatBytes(fit.usable_bytes)
    } (${(100 * fit.utilization).toFixed(1)} %): ${style(verdict, color)}`,
    ...(host.peak_bytes === null
      ? []
      : [`  Host memory per node: ${formatBytes(host.peak_bytes)}`]),
    ...warnings.map((line) => style(`  - ${line}`, "yellow")),
  ].join("\n");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
