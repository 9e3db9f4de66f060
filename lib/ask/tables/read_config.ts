import type { Result } from "../../scenario/parse_scenario.ts";
import type { Problem } from "../../scenario/problem.ts";
import type { ConfigFile, TablesConfig } from "./config.ts";
import { CONFIG_FILES, parseTablesConfig } from "./config.ts";

/**
 * Reads a folder's configuration: those of its three files that there are.
 *
 * @param folder What the folder is called in messages.
 * @param read Gives the text of a file, or null where there is none.
 * @returns The configuration, or what is wrong with which file.
 */
export async function readTablesConfig(
  folder: string,
  read: (file: ConfigFile) => Promise<string | null>,
): Promise<Result<TablesConfig>> {
  const files: Partial<Record<ConfigFile, unknown>> = {};
  const problems: Problem[] = [];
  for (const file of CONFIG_FILES) {
    const text = await read(file);
    if (text === null) continue;
    try {
      files[file] = JSON.parse(text);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      problems.push({ path: file, message: `${file} must be JSON: ${reason}` });
    }
  }
  if (problems.length > 0) return { ok: false, problems };
  if (Object.keys(files).length === 0) {
    const message = `must hold ${
      CONFIG_FILES.join(", ")
    } or some of them: there is none in ${folder}`;
    return { ok: false, problems: [{ path: "", message }] };
  }
  return parseTablesConfig(files);
}
