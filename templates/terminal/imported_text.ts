import type { Imported } from "../../lib/mod.ts";
import { NOT_KNOWN } from "../../lib/mod.ts";
import { ignoredGroups, sourcesOf } from "../imported_words.ts";

/** What became of a configuration, as a terminal shows it. */
export function importedText(imported: Omit<Imported, "scenario">): string {
  const { understood, assumed, ignored, missing } = imported;
  const lines = [`From ${sourcesOf(imported)}`, ""];
  const section = (title: string, entries: readonly string[]): void => {
    if (entries.length === 0) return;
    lines.push(title, ...entries.map((entry) => `  ${plain(entry)}`), "");
  };
  section(
    "Understood",
    understood.map(({ key, value, path, becomes }) =>
      `${key} = ${value} → ${path}: ${becomes}`
    ),
  );
  section(
    "Missing",
    missing.map(({ name, reason }) => `${name}: ${reason}`),
  );
  section(
    "Assumed",
    assumed.map(({ path, value, reason }) => `${path}: ${value} (${reason})`),
  );
  section(
    "Ignored",
    ignoredGroups(ignored).map(({ reason, moves_memory, settings }) =>
      `${moves_memory ? "! " : ""}${settings.join(", ")} (${
        moves_memory && reason !== NOT_KNOWN ? "moves memory; " : ""
      }${reason})`
    ),
  );
  return lines.join("\n");
}

/** A line without what a terminal would act on. */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, " ");
}
