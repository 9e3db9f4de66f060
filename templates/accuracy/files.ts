import type { Accuracy } from "../../lib/ask/accuracy.ts";
import { bandRows } from "../../lib/evidence/band_rows.ts";
import { gatherRuns } from "../../lib/evidence/gather_runs.ts";
import type { UnderstoodCase } from "../../lib/evidence/gather_runs.ts";
import { packedText, packRuns } from "../../lib/evidence/pack_runs.ts";
import { parseScenario, ScenarioError } from "../../lib/mod.ts";
import type { Scenario } from "../../lib/mod.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { accuracyMarkdown } from "./markdown.ts";
import { scatterSvg } from "./scatter.tsx";

/**
 * What the measured cases are worked up into: each file's path and text.
 *
 * @throws {ScenarioError} When a measured case's scenario or model is not valid.
 */
export function writtenFiles(accuracy: Accuracy): Record<string, string> {
  const { predictions, methods } = accuracy;
  const rows = bandRows(predictions, scenarioOf);
  const runs = gatherRuns(predictions, understood);
  return {
    "docs/accuracy.md": accuracyMarkdown(accuracy),
    "docs/accuracy.svg": scatterSvg(accuracy),
    "lib/evidence/bands.json": `[\n${
      rows.map((row) => JSON.stringify(row)).join(",\n")
    }\n]\n`,
    "lib/evidence/runs.json": packedText(packRuns(runs, methods)),
  };
}

function scenarioOf(input: unknown): Scenario | null {
  const parsed = parseScenario(input);
  return parsed.ok ? parsed.value : null;
}

function understood(input: unknown): UnderstoodCase {
  const parsed = parseScenario(input);
  if (!parsed.ok) throw new ScenarioError(parsed.problems);
  const model = resolveModel(parsed.value.model);
  if (!model.ok) throw new ScenarioError(model.problems);
  const { name, parameters, architecture: { type } } = model.value;
  return { scenario: parsed.value, model: { name, type, parameters } };
}
