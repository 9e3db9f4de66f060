import { findModel, similarModels } from "../lib/mod.ts";
import { UsageError } from "./usage_error.ts";

/** What the program itself takes, or its own help. */
const OWN = new Set(["help", "--help", "-h", "--version", "-V"]);

/**
 * The words of a command line with its command: a model, or flags alone, are to
 * be estimated.
 *
 * @param commands The names of all commands.
 * @throws {UsageError} When the first word is no command and can be no model.
 */
export function withCommand(
  words: readonly string[],
  commands: readonly string[],
): string[] {
  const [first] = words;
  if (first === undefined || OWN.has(first) || commands.includes(first)) {
    return [...words];
  }
  if (first.startsWith("-") || isModel(first)) return ["estimate", ...words];
  const near = similarModels(first);
  throw new UsageError(
    `error: unknown command '${first}', and no model of the catalogue has that name${
      near.length > 0 ? `: did you mean ${near.join(" or ")}?` : ""
    }\nSee --help`,
  );
}

/** A name of the catalogue, of the Hub, or a path. */
export function isModel(word: string): boolean {
  return findModel(word) !== null ||
    /[/\\]|\.(json|gguf|safetensors)$/.test(word);
}
