import { readText } from "./files.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads a JSON file, or the standard input for "-".
 *
 * @throws {UsageError} When it cannot be read or is not JSON.
 */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${path} must be JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
}
