import type { TablesConfig } from "../lib/ask/tables/config.ts";
import { DEFAULT_TABLES } from "../lib/ask/tables/config.ts";
import { readTablesConfig } from "../lib/ask/tables/read_config.ts";

/** Largest file of a configuration. */
const MAX_BYTES = 1024 * 1024;

/**
 * The tables' configuration in a folder, such as one that is mounted into a
 * container; the built-in one where no folder is named.
 *
 * @throws {RangeError} When the folder cannot be used: the server does not start
 *   with another configuration than it was given.
 */
export async function mountedTables(
  folder: string | undefined,
): Promise<TablesConfig> {
  if (folder === undefined) return DEFAULT_TABLES;
  const read = await readTablesConfig(folder, (file) => textOf(folder, file));
  if (read.ok) return read.value;
  throw new RangeError(
    `TABLES_CONFIG_DIR ${
      read.problems.map(({ message }) => message).join("; ")
    }`,
  );
}

/** A file's text; null where there is none. */
async function textOf(folder: string, file: string): Promise<string | null> {
  const path = `${folder.replace(/\/+$/, "")}/${file}`;
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_BYTES) {
      throw new RangeError(
        `TABLES_CONFIG_DIR: ${path} must have at most ${MAX_BYTES} bytes: it has ${size}`,
      );
    }
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    if (error instanceof Deno.errors.NotCapable) {
      throw new RangeError(
        `TABLES_CONFIG_DIR must be a folder that may be read: start with --allow-read=${folder}`,
      );
    }
    throw error;
  }
}
