import type { Scenario } from "../../scenario/schema.ts";
import { toInput } from "../../scenario/to_input.ts";
import { leavesOf } from "../../scenario/walk.ts";
import type { ConfigurationDraft, ExportFormat } from "../writing/exported.ts";

/** The Scenario itself: its model and all that differs from the defaults. */
function plain(id: "json" | "yaml"): ExportFormat {
  return {
    id,
    title: `Scenario in ${id.toUpperCase()}`,
    file: `scenario.${id}`,
    syntax: id,
    refuses: () => null,
    draft: draftOf,
  };
}

function draftOf(scenario: Scenario): ConfigurationDraft {
  const { model: _, ...rest } = scenario;
  return {
    values: toInput(scenario),
    says: ["model", ...leavesOf(rest).map(({ path }) => path)],
    notes: [],
  };
}

/** The Scenario in JSON. */
export const jsonExport: ExportFormat = plain("json");
/** The Scenario in YAML. */
export const yamlExport: ExportFormat = plain("yaml");
