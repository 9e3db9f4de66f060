import type { Advice, Estimate, Largest, Traffic } from "../../lib/mod.ts";
import { formatBytes, groupDigits } from "../../lib/mod.ts";
import { largestWords } from "../largest_words.ts";
import {
  axisWords,
  formatSeconds,
  noTrafficWords,
} from "../traffic/traffic_words.ts";
import { adviceText } from "./advice_text.ts";
import { plainTable, trimmed } from "./plain_table.ts";

/** What was asked beside the memory, for a terminal; "" where nothing was. */
export function moreText(
  { advice, largest, traffic }: {
    advice?: Advice;
    largest?: Largest[];
    traffic?: Traffic;
  },
  estimate: Estimate,
): string {
  const blocks = [
    ...(advice ? [adviceText(advice, estimate)] : []),
    ...(largest ? [largestText(largest)] : []),
    ...(traffic ? [trafficText(traffic, estimate)] : []),
  ];
  return blocks.map((block) => `\n${block}\n`).join("");
}

/** The largest values that fit, for a terminal. */
function largestText(found: readonly Largest[]): string {
  return found.map((each) => {
    const { name, value, sentences } = largestWords(each);
    return [
      `${name}: ${value}`,
      ...sentences.map((sentence) => `  ${sentence}`),
    ].join("\n");
  }).join("\n\n");
}

/** A step's traffic, for a terminal. */
function trafficText(traffic: Traffic, { scenario }: Estimate): string {
  if (traffic.flows.length === 0) {
    return noTrafficWords(
      scenario.task,
      scenario.parallel.gpus,
      traffic.not_counted,
    );
  }
  const table = plainTable([
    "left",
    "left",
    "right",
    "right",
    "right",
    "left",
  ]);
  table.push([
    "Traffic per step and GPU",
    "Collective",
    "Sent",
    "In the node",
    "Between nodes",
    "Messages",
  ]);
  for (const flow of traffic.flows) {
    table.push([
      `${axisWords(flow.axis)}: ${flow.what}`,
      `${groupDigits(flow.calls)} × ${flow.collective} of ${flow.ranks}`,
      formatBytes(flow.sent_bytes),
      formatBytes(flow.node_bytes),
      formatBytes(flow.network_bytes),
      flow.formula,
    ]);
  }
  table.push([
    "All",
    "",
    formatBytes(traffic.sent_bytes),
    formatBytes(traffic.node_bytes),
    formatBytes(traffic.network_bytes),
    "and as much is received",
  ]);
  const { time } = traffic;
  const times = time
    ? [
      ["in the node", time.node_seconds],
      ["between nodes", time.network_seconds],
    ] as const
    : [];
  const known = times.flatMap(([where, seconds]) =>
    seconds === null ? [] : [`${where} ${formatSeconds(seconds)}`]
  );
  return [
    trimmed(table.toString()),
    ...(!time || time.at_least_seconds === null ? [] : [
      `At least ${formatSeconds(time.at_least_seconds)} a step: ${
        known.join(", ")
      }`,
    ]),
    ...traffic.assumptions.map((each) => `  - ${each}`),
  ].join("\n");
}
