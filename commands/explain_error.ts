import type { Hub } from "../hub/mod.ts";
import type { GivenFlag, Problem, Result } from "../lib/mod.ts";
import {
  explainInTurns,
  flagMessage,
  readError,
  refusalOf,
} from "../lib/mod.ts";
import { explanationText } from "../templates/terminal/explanation_text.ts";
import { wrapped } from "../templates/terminal/wrapped.ts";
import { resolveInput } from "./estimate_model.ts";
import { readText } from "./files.ts";
import { terminalWidth } from "./terminal_width.ts";
import { UsageError } from "./usage_error.ts";
import { write } from "./write.ts";

/** How an explanation is asked for. */
export interface ExplainAsked {
  json: boolean;
  /** The flags that were given, for messages. */
  flags: readonly GivenFlag[];
}

/**
 * Explains the error of memory that a file has, and prints why.
 *
 * @param path The file, or "-" for the standard input.
 * @param given What the command line says of the run; it may lack a model.
 * @throws {UsageError} When the file or what was given is refused.
 */
export async function printExplanation(
  path: string,
  given: Record<string, unknown>,
  hub: Hub | null,
  { json, flags }: ExplainAsked,
): Promise<void> {
  const text = await readText(path);
  const answer = await explained(text, given, hub);
  if (!answer.ok) {
    if (json) await write(`${JSON.stringify(refusalOf(answer.problems))}\n`);
    throw new UsageError(
      answer.problems.map((problem) => wordsOf(problem, flags)).join("\n"),
    );
  }
  await write(
    json
      ? `${JSON.stringify(answer.value, null, 2)}\n`
      : wrapped(explanationText(answer.value), terminalWidth()),
  );
}

async function explained(
  text: string,
  given: Record<string, unknown>,
  hub: Hub | null,
): Promise<Awaited<ReturnType<typeof explainInTurns>>> {
  const isNothing = Object.keys(given).length === 0;
  const read = readError(text, isNothing ? null : given);
  if (!read.ok) return read;
  const { input, isGiven } = read.value;
  const known: Result<Parameters<typeof explainInTurns>[1]> = input === null
    ? { ok: true, value: null }
    : await resolveInput(input, hub);
  if (!known.ok && isGiven) return known;
  // A name that merely stands in the text may be no model's.
  return await explainInTurns(
    read.value,
    known.ok ? known.value : null,
    () => Promise.resolve(),
  );
}

/** What is wrong, by the flag where one set it. */
function wordsOf(problem: Problem, flags: readonly GivenFlag[]): string {
  return problem.path === "text"
    ? `--explain: ${problem.message}`
    : flagMessage(problem, flags);
}
