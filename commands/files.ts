import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { cwd } from "node:process";
import { environment } from "./environment.ts";
import { readStandardInput } from "./standard_input.ts";
import { isMissing, reasonOf } from "./system_error.ts";
import { UsageError } from "./usage_error.ts";

/** Largest file that is read whole: a config.json has a few kilobytes. */
const USUAL_BYTES = 8 * 1024 * 1024;

/**
 * A path as the user meant it: `deno task` changes into the project's folder
 * and tells where it was called in INIT_CWD.
 */
export function userPath(path: string): string {
  return resolve(environment("INIT_CWD") ?? cwd(), path);
}

/**
 * Reads a text file, or the standard input for "-".
 *
 * @param maxBytes Largest file that is read.
 * @throws {UsageError} When there is no such file or it is too large.
 */
export async function readText(
  path: string,
  maxBytes = USUAL_BYTES,
): Promise<string> {
  if (path === "-") return await readStandardInput();
  try {
    const found = await stat(userPath(path));
    if (found.isDirectory()) {
      throw new UsageError(`${path} must be a file: it is a folder`);
    }
    if (found.size > maxBytes) {
      throw new UsageError(
        `${path} must be at most ${maxBytes} bytes: current value is ${found.size}`,
      );
    }
    const text = await readFile(userPath(path), "utf8");
    return text.replace(/^\ufeff/, "");
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot read ${path}: ${reasonOf(error)}`);
  }
}

/** The config.json that a path names: the file, or the one in the folder. */
export async function findConfig(path: string): Promise<string | null> {
  for (const candidate of [path, join(path, "config.json")]) {
    try {
      if ((await stat(userPath(candidate))).isFile()) return candidate;
    } catch (error) {
      if (!isMissing(error)) continue;
    }
  }
  return null;
}
