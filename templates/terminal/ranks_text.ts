import type { Estimate } from "../../lib/mod.ts";
import { formatBytes, groupDigits } from "../../lib/mod.ts";
import { hostWords, momentsWords } from "../host_words.ts";
import type { Style } from "./style.ts";
import { plainTable, trimmed } from "./plain_table.ts";

/** The classes of ranks where there are several; else nothing. */
export function ranksText({ memory }: Estimate, style: Style): string {
  const ranks = memory.ranks ?? [];
  if (ranks.length < 2) return "";
  const table = plainTable(["left", "right", "right", "right", "left"]);
  table.push(
    ["Ranks", "GPUs", "Allocated", "Device", "What binds"].map((name) =>
      style(name, "bold")
    ),
    ...ranks.map((row) => [
      row.rank,
      groupDigits(row.gpus),
      formatBytes(row.allocated_peak_bytes),
      formatBytes(row.device_peak_bytes),
      row.binding,
    ]),
  );
  return `${trimmed(table.toString())}\n${
    style(
      `--global-rank ${ranks[1]?.global_rank ?? 0} answers for another of them`,
      "dim",
    )
  }`;
}

/** What a node's memory holds; nothing where the method does not say. */
export function hostText({ host }: Pick<Estimate, "host">): string {
  const { peak_bytes, parts = [], moments } = host;
  if (peak_bytes === null) return "";
  return [
    `Host memory per node: ${hostWords(host)}`,
    ...(moments ? [`  ${momentsWords(moments)}`] : []),
    ...parts.map(({ name, bytes, formula }) =>
      `  - ${name} ${formatBytes(bytes)}: ${formula}`
    ),
  ].join("\n");
}
