import { readText } from "./files.ts";
import { UsageError } from "./usage_error.ts";

/** Reads the JSON object of `--scenario`. */
export async function readScenario(
  path: string,
): Promise<Record<string, unknown>> {
  let input: unknown;
  try {
    input = JSON.parse(await readText(path));
  } catch (error) {
    if (error instanceof UsageError) {
      throw new UsageError(`--scenario: ${error.message}`);
    }
    throw new UsageError(
      `--scenario must be JSON: ${
        error instanceof Error ? error.message : error
      }`,
    );
  }
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new UsageError("--scenario must be a JSON object");
  }
  return input as Record<string, unknown>;
}
