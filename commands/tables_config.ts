import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { TablesConfig } from "../lib/ask/tables/config.ts";
import { DEFAULT_TABLES } from "../lib/ask/tables/config.ts";
import { readTablesConfig } from "../lib/ask/tables/read_config.ts";
import { readText, userPath } from "./files.ts";
import { isMissing } from "./system_error.ts";
import { UsageError } from "./usage_error.ts";

/** Largest file of a configuration. */
const MAX_BYTES = 1024 * 1024;

/**
 * The configuration in a folder; the built-in one where none is named.
 *
 * @throws {UsageError} When the folder or a file in it cannot be used.
 */
export async function tablesConfig(
  folder: string | undefined,
): Promise<TablesConfig> {
  if (folder === undefined) return DEFAULT_TABLES;
  const read = await readTablesConfig(folder, async (file) => {
    const path = join(folder, file);
    return await isThere(path) ? await readText(path, MAX_BYTES) : null;
  });
  if (read.ok) return read.value;
  throw new UsageError(
    read.problems.map(({ message }) => `--config-dir: ${message}`).join("\n"),
  );
}

async function isThere(path: string): Promise<boolean> {
  try {
    return (await stat(userPath(path))).isFile();
  } catch (error) {
    if (isMissing(error)) return false;
    throw new UsageError(
      `--config-dir: cannot read ${path}: ${
        error instanceof Error ? error.message : error
      }`,
    );
  }
}
