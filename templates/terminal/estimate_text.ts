import type { Estimate, Fullness, NearRun, Part } from "../../lib/mod.ts";
import {
  formatBytes,
  formatCount,
  fullness,
  groupDigits,
  heldBytes,
  tierFor,
  TIERS,
} from "../../lib/mod.ts";
import { devicePartsOf } from "../device_parts.ts";
import type { Style } from "./style.ts";
import { styler } from "./style.ts";
import { fittedTable } from "./plain_table.ts";
import { wrapped } from "./wrapped.ts";
import { hostText, ranksText } from "./ranks_text.ts";
import { counterWords, errorWords, moreOrLess } from "../evidence_words.ts";
import { servingText } from "./serving_text.ts";
import { engineName, servingVerdict } from "../serving/serving_words.ts";
import { meshWords } from "../mesh_words.ts";
import { filledWords, pagedWords, pagesIncluded } from "../paged_words.ts";
import { tensorWords } from "../tensor_words.ts";

/** What each fullness is called, and its colour. */
export const VERDICTS: Record<
  Fullness,
  { title: string; color: "green" | "yellow" | "red" }
> = {
  comfortable: { title: "Fits", color: "green" },
  recommended: { title: "Fits", color: "green" },
  tight: { title: "Tight", color: "yellow" },
  over: { title: "Does not fit", color: "red" },
};

/**
 * Writes an Estimate for a terminal.
 *
 * @param options.color Whether the terminal shows colours; without them the
 *   text is plain.
 * @param options.evidence Measured runs to show; none unless given.
 * @param options.chart Blocks that stand after the parts.
 * @param options.beside Blocks that stand after that.
 * @param options.width Columns of the terminal, where there is one.
 */
export function estimateText(
  estimate: Estimate,
  { color, evidence, chart = [], beside = [], width = null }: {
    color: boolean;
    evidence?: readonly NearRun[];
    chart?: readonly string[];
    beside?: readonly string[];
    width?: number | null;
  },
): string {
  const style = styler(color);
  const blocks = [
    servedVerdict(estimate, style) ?? verdict(estimate, style),
    heading(estimate, style),
    partsTable(estimate, style, width),
    ...chart,
    servingText(estimate, style),
    ranksText(estimate, style),
    hostText(estimate),
    ...beside,
    binding(estimate, style),
    estimate.serve ? "" : tiers(estimate, style),
    secondOpinions(estimate, style),
    evidence ? measuredRuns(evidence, estimate, style) : "",
    notes("Warnings", estimate.warnings, style, "yellow"),
    notes("Assumptions", estimate.assumptions, style, "dim"),
  ].filter((block) => block !== "").join("\n\n");
  return `${wrapped(blocks, width)}\n`;
}

function heading(estimate: Estimate, style: Style): string {
  const { model, scenario } = estimate;
  const { gpus } = scenario.parallel;
  const approximate = model.parameters_basis === "assumed"
    ? " (approximate)"
    : "";
  const lines = [
    `${style(model.name, "bold")} (${model.type}): ${
      groupDigits(model.parameters)
    } parameters${approximate}`,
  ];
  if (scenario.task === "train") {
    const { method, micro_batch, sequence_length } = scenario.train;
    lines.push(
      `${method} training, ${scenario.precision.weights}, ${
        formatCount(model.trainable_parameters)
      } trainable, ${micro_batch} × ${
        groupDigits(sequence_length)
      } tokens per GPU`,
    );
  } else {
    const { batch, input_tokens, output_tokens } = scenario.serve;
    lines.push(
      `serving with ${engineName(scenario.serve)}, weights ${
        scenario.quantization.weights === null
          ? "as published"
          : scenario.quantization.weights === "none"
          ? scenario.precision.weights
          : scenario.quantization.weights
      }, ${batch} × (${groupDigits(input_tokens)} + ${
        groupDigits(output_tokens)
      }) tokens`,
    );
  }
  if (gpus > 1) {
    lines.push(
      `${gpus} GPUs: ${meshWords(estimate)}`,
    );
  }
  return lines.join("\n");
}

function partsTable(
  estimate: Estimate,
  style: Style,
  width: number | null,
): string {
  const table: string[][] = [];
  table.push(
    ["Part", "Memory", "Share", "Basis", "Formula"].map((name) =>
      style(name, "bold")
    ),
  );
  const { parts, allocated, beside, device } = devicePartsOf(estimate);
  const list = (rows: readonly Part[]) => {
    for (const { name, bytes, basis, formula } of rows) {
      table.push([
        name,
        formatBytes(bytes),
        `${(100 * bytes / device).toFixed(1)} %`,
        basis,
        style(formula, "dim"),
      ]);
    }
  };
  const total = (name: string, bytes: number, words = "") =>
    table.push([
      style(name, "bold"),
      style(formatBytes(bytes), "bold"),
      "",
      "",
      words,
    ]);
  list(parts);
  if (allocated !== null) {
    total("Allocated peak", allocated, estimate.memory.binding);
  }
  list(beside);
  total("Peak per GPU", device);
  return fittedTable(
    ["left", "right", "right", "left", "left"],
    table,
    width,
  );
}

function verdict(estimate: Estimate, style: Style): string {
  const { fit, memory, scenario: { parallel: { gpus } } } = estimate;
  const own = fit[0];
  if (!own) return "";
  const { title, color } = VERDICTS[fullness(own.utilization)];
  const left = own.headroom_bytes >= 0
    ? `${formatBytes(own.headroom_bytes)} to spare`
    : `${formatBytes(-own.headroom_bytes)} too much`;
  const lines = [
    `${style(title, "bold", color)} on ${
      gpus === 1 ? own.gpu : `${gpus} × ${own.gpu}`
    }: ${formatBytes(heldBytes(memory))} of ${formatBytes(own.usable_bytes)}${
      gpus === 1 ? "" : " per GPU"
    } (${(100 * own.utilization).toFixed(0)} %), ${left}`,
  ];
  const paged = pagedWords(estimate);
  if (paged !== null) lines.push(paged);
  const filled = filledWords(estimate);
  if (filled !== null) lines.push(filled);
  else if (memory.low_bytes !== null && memory.high_bytes !== null) {
    lines.push(
      `Nine measured runs in ten${pagesIncluded(estimate).replace(/,$/, "")}: ${
        formatBytes(memory.low_bytes)
      } to ${formatBytes(memory.high_bytes)}`,
    );
  }
  return lines.join("\n");
}

/** The verdict on a model that is served; null where no engine was played. */
function servedVerdict(estimate: Estimate, style: Style): string | null {
  const found = servingVerdict(estimate);
  if (found === null) return null;
  const { title, sentences, state } = found;
  return [
    style(title, "bold", VERDICTS[state].color),
    ...sentences,
  ].join("\n");
}

/** What decides on the peak, and the largest tensors that stand there. */
function binding({ memory, largest = [] }: Estimate, style: Style): string {
  if (largest.length === 0) return "";
  return [
    style(`What binds: ${memory.binding}`, "bold"),
    ...largest.map((tensors) => `  - ${tensorWords(tensors)}`),
  ].join("\n");
}

function tiers({ memory }: Estimate, style: Style): string {
  const peak = heldBytes(memory);
  const each = TIERS.map(({ name, usable_bytes }) => {
    const { title, color } = VERDICTS[fullness(peak / usable_bytes)];
    return style(`${name} ${title.toLowerCase()}`, color);
  });
  const least = tierFor(peak);
  const rule = least === null
    ? "none of these holds it at 80 % of its memory"
    : `${least.name} is the least that holds it at 80 % of its memory`;
  return `GPU classes: ${each.join(", ")}\n${rule}`;
}

/** What the other methods say, where they were asked. */
function secondOpinions(
  { opinions = [], memory, method: own }: Estimate,
  style: Style,
): string {
  return notes(
    opinions.length === 0 ? "" : `Second opinions, beside ${own}`,
    opinions.map(({ method, device_peak_bytes: bytes, uncovered }) =>
      bytes === null
        ? `${method} does not answer, because ${uncovered}`
        : `${method}: ${formatBytes(bytes)}, ${
          moreOrLess(bytes / memory.device_peak_bytes - 1) ?? "the same"
        }`
    ),
    style,
    "dim",
  );
}

function measuredRuns(
  runs: readonly NearRun[],
  { method }: Estimate,
  style: Style,
): string {
  return [
    style(`Nearest measured runs, and what ${method} says there`, "bold"),
    ...runs.flatMap((run) => [
      `  - ${run.model}${run.gpu === null ? "" : ` on ${run.gpu}`}: ${
        run.differences.length === 0
          ? "the same settings"
          : run.differences.join("; ")
      }`,
      ...run.readings.map(({ counter, measured_bytes, error }) =>
        `    ${counterWords(counter)}: ${
          formatBytes(measured_bytes)
        }, predicted ${errorWords(error)}`
      ),
      style(`    ${run.source.text}`, "dim"),
      ...(run.source.url === null
        ? []
        : [style(`    ${run.source.url}`, "dim")]),
    ]),
  ].join("\n");
}

function notes(
  title: string,
  lines: readonly string[],
  style: Style,
  format: "yellow" | "dim",
): string {
  if (lines.length === 0) return "";
  return [
    style(title, "bold"),
    ...lines.map((line) => style(`  - ${line}`, format)),
  ].join("\n");
}
