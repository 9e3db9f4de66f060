import { putAt } from "../lib/mod.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Puts `path=value` of a `--set` into a Scenario's input.
 *
 * @throws {UsageError} When the word is not of that form.
 */
export function applySet(input: Record<string, unknown>, word: string): void {
  const at = word.indexOf("=");
  if (at < 1) {
    throw new UsageError(
      `--set must be path=value, such as train.loss=fused: current value is ${
        JSON.stringify(word)
      }`,
    );
  }
  putAt(input, word.slice(0, at), word.slice(at + 1));
}
