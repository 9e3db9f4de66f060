import { join, resolve } from "node:path";
import { environment } from "./environment.ts";
import { UsageError } from "./usage_error.ts";

/** Largest file that is read whole: a config.json has a few kilobytes. */
const USUAL_BYTES = 8 * 1024 * 1024;

/**
 * A path as the user meant it: `deno task` changes into the project's folder
 * and tells where it was called in INIT_CWD.
 */
export function userPath(path: string): string {
  return resolve(environment("INIT_CWD") ?? Deno.cwd(), path);
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
  if (path === "-") return await new Response(Deno.stdin.readable).text();
  try {
    const { size, isDirectory } = await Deno.stat(userPath(path));
    if (isDirectory) {
      throw new UsageError(`${path} must be a file: it is a folder`);
    }
    if (size > maxBytes) {
      throw new UsageError(
        `${path} must be at most ${maxBytes} bytes: current value is ${size}`,
      );
    }
    return await Deno.readTextFile(userPath(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot read ${path}: ${reasonOf(error)}`);
  }
}

/** The config.json that a path names: the file, or the one in the folder. */
export async function findConfig(path: string): Promise<string | null> {
  for (const candidate of [path, join(path, "config.json")]) {
    try {
      if ((await Deno.stat(userPath(candidate))).isFile) return candidate;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) continue;
    }
  }
  return null;
}

/** Why a file cannot be read, in words of the user. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  return error instanceof Error ? error.message : String(error);
}
