import { stringify } from "yaml";
import { changesOf } from "../scenario/default_scenario.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import { EXPORTS } from "./tools.ts";
import type {
  Exported,
  ExportFormat,
  ExportSyntax,
} from "./writing/exported.ts";

/** Sections that are about the estimate, not the run. */
const OWN = /^(?:method|factors|overheads|hardware|software)(?:\.|$)/;

/**
 * Writes a Scenario as another program's configuration.
 *
 * @param format An id of {@linkcode EXPORTS}.
 * @returns The text and what it cannot say, or why there is none.
 */
export function exportScenario(
  scenario: Scenario,
  format: string,
): Result<Exported & { file: string; syntax: ExportSyntax }> {
  const found = EXPORTS.find(({ id }) => id === format);
  const refused = found
    ? found.refuses(scenario)
    : `format must be one of ${
      EXPORTS.map(({ id }) => id).join(", ")
    }: current value is ${JSON.stringify(format.slice(0, 100))}`;
  if (!found || refused !== null) {
    const message = refused ?? "";
    return {
      ok: false,
      problems: [{
        path: found ? message.split(" ")[0] ?? "format" : "format",
        message,
      }],
    };
  }
  const { values, says, notes } = found.draft(scenario);
  const said = new Set(says);
  const left = changesOf(scenario)
    .filter(({ path }) =>
      !said.has(path) && !said.has(path.split(".")[0] ?? "") && !OWN.test(path)
    );
  const all = [
    ...notes,
    ...left.map(({ path, value }) =>
      `${path} (${JSON.stringify(value)}) has no place in it`
    ),
  ];
  return {
    ok: true,
    value: {
      text: found.syntax === "json"
        ? `${JSON.stringify(values, null, 2)}\n`
        : `${commentsOf(found, all)}${
          found.write?.(values) ??
            stringify(values, { version: "1.1", lineWidth: 0 })
        }`,
      notes: all,
      file: found.file,
      syntax: found.syntax,
    },
  };
}

function commentsOf(
  { title }: ExportFormat,
  notes: readonly string[],
): string {
  return [`${title}, written by Headroom`, ...notes]
    .map((line) => `# ${line.replaceAll(/[\p{Cc}\p{Cs}]/gu, " ")}\n`).join("");
}
