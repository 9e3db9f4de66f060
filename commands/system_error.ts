/**
 * What a system call said, by its name: ENOENT, EPIPE …
 *
 * @returns Null for what is no system's error.
 */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error &&
      typeof error.code === "string"
    ? error.code
    : null;
}

/** Whether there is no such file or program. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT" ||
    (error instanceof Error && error.name === "NotFound");
}

/** Whether Deno was not allowed to do something. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error && error.name === "NotCapable";
}

/** Why a file cannot be read, in words of the user. */
export function reasonOf(error: unknown): string {
  if (isMissing(error)) return "there is no such file";
  return error instanceof Error ? error.message : String(error);
}
