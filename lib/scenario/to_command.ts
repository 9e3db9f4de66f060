import { toQuery } from "./query.ts";
import type { Scenario } from "./schema.ts";

/** Characters that a shell leaves alone. */
const PLAIN = /^[\w./:@,=+-]+$/;

/**
 * Writes the command line that estimates the same Scenario: the model, then
 * `--set path=value` for each field that differs from its default.
 */
export function toCommand(scenario: Scenario): string {
  const words = ["deno", "task", "estimate"];
  for (const [path, text] of new URLSearchParams(toQuery(scenario))) {
    if (path === "model") words.push("--model", quoted(text));
    else words.push("--set", quoted(`${path}=${text}`));
  }
  return words.join(" ");
}

function quoted(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
