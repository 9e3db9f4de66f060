import type { Configuration, GivenFlag, Imported } from "../lib/mod.ts";
import { refusalOf, scenarioOfConfigurations } from "../lib/mod.ts";
import { readText } from "./files.ts";
import { UsageError } from "./usage_error.ts";
import { write } from "./write.ts";

/**
 * Reads the files of a training tool.
 *
 * @param given What answers to what they ask for, by name.
 * @param json Whether a refusal is printed as JSON too.
 * @throws {UsageError} When a file cannot be read or is refused.
 */
export async function readConfigurations(
  paths: readonly string[],
  json: boolean,
  given: Readonly<Record<string, string>> = {},
): Promise<Imported> {
  if (paths.filter((path) => path === "-").length > 1) {
    throw new UsageError(
      "--from - reads the standard input, which there is only one of",
    );
  }
  const configurations: Configuration[] = [];
  for (const path of paths) {
    try {
      const text = await readText(path);
      configurations.push(path === "-" ? { text } : { text, name: path });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`--from: ${error.message}`);
    }
  }
  const read = scenarioOfConfigurations(configurations, given);
  if (read.ok) return read.value;
  if (json) await write(`${JSON.stringify(refusalOf(read.problems))}\n`);
  throw new UsageError(
    read.problems.map(({ message }) => `--from: ${message}`).join("\n"),
  );
}

/** The imported scenario; without its model where a flag names another. */
export function withoutModel(
  scenario: Record<string, unknown>,
  flags: readonly GivenFlag[],
): Record<string, unknown> {
  if (!flags.some(({ flag }) => flag.path === "model")) return scenario;
  const { model: _, ...rest } = scenario;
  return rest;
}

/**
 * What was imported without the scenario itself, and without assumptions about
 * fields that the command line gives.
 */
export function withoutOverridden(
  { scenario: _, ...imported }: Imported,
  paths: readonly string[],
): Omit<Imported, "scenario"> {
  return {
    ...imported,
    assumed: imported.assumed.filter(({ path }) =>
      !paths.some((each) => each === path || each.startsWith(`${path}.`))
    ),
  };
}
