import { exportScenario, parseScenario } from "../lib/mod.ts";
import { UsageError } from "./usage_error.ts";
import { write } from "./write.ts";

/** Prints the scenario as another tool's configuration. */
export async function printExport(
  input: Record<string, unknown>,
  format: string,
): Promise<void> {
  const parsed = parseScenario(input);
  const result = parsed.ok ? exportScenario(parsed.value, format) : parsed;
  if (!result.ok) {
    throw new UsageError(
      result.problems.map(({ message }) =>
        message.startsWith("format ") ? `--export${message.slice(6)}` : message
      ).join("\n"),
    );
  }
  const { text, notes, syntax } = result.value;
  await write(text);
  // YAML has them as comments.
  if (syntax === "json") { for (const note of notes) console.error(note); }
}
