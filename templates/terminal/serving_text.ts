import type { Estimate } from "../../lib/mod.ts";
import { formatBytes, groupDigits } from "../../lib/mod.ts";
import { tokensText } from "../serving/capacity_words.ts";
import {
  engineName,
  servingFigures,
  settingsText,
} from "../serving/serving_words.ts";
import { plainTable, trimmed } from "./plain_table.ts";
import type { Style } from "./style.ts";

/** What an engine that serves makes of the model; nothing when training. */
export function servingText(estimate: Estimate, style: Style): string {
  const { serve } = estimate;
  if (!serve) return "";
  const figures = plainTable(["left", "right"]);
  figures.push(...servingFigures(estimate).map((each) => [...each]));
  const settings = settingsText(serve);
  return [
    style(`What ${engineName(serve)} holds, per GPU`, "bold"),
    trimmed(figures.toString()),
    devicesText(serve, style),
    capacityText(estimate, style),
    settings.length === 0
      ? ""
      : style(`Settings: ${settings.join(", ")}`, "dim"),
  ].filter((block) => block !== "").join("\n");
}

function devicesText(
  { devices }: NonNullable<Estimate["serve"]>,
  style: Style,
): string {
  if (devices.length < 2) return "";
  const table = plainTable(["left", "right", "right", "right", "right"]);
  table.push(
    ["Device", "Weights", "Cache", "Compute", "All"].map((name) =>
      style(name, "bold")
    ),
    ...devices.map((each) => [
      each.device,
      formatBytes(each.weights_bytes),
      formatBytes(each.kv_bytes + each.state_bytes),
      formatBytes(each.compute_bytes),
      formatBytes(each.total_bytes),
    ]),
  );
  return trimmed(table.toString());
}

function capacityText({ capacity, serve }: Estimate, style: Style): string {
  if (!capacity || !serve?.starts) return "";
  const { contexts, users } = capacity;
  const table = plainTable(["right", ...contexts.map(() => "right" as const)]);
  table.push(
    ["Users", ...contexts.map(({ tokens }) => tokensText(tokens))].map((name) =>
      style(name, "bold")
    ),
    ...users.map((count) => [
      groupDigits(count),
      ...contexts.map(({ sequences }) => sequences >= count ? "yes" : "·"),
    ]),
    [
      "at most",
      ...contexts.map(({ sequences }) => groupDigits(sequences)),
    ],
  );
  return `${style("Users at once, each with so many tokens", "bold")}\n${
    trimmed(table.toString())
  }`;
}
