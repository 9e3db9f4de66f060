import { readText } from "./files.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads a JSON file, or the standard input for "-".
 *
 * @throws {UsageError} When it cannot be read or is not JSON.
 */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(await readText(path), path);
}

/**
 * Reads a text as JSON.
 *
 * @param path The file that it is from, for the message.
 * @throws {UsageError} When it is not JSON.
 */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${path} must be JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
}
