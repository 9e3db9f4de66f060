import { Option } from "commander";
import { stringify } from "yaml";
import type { Estimate, Problem, Result } from "../lib/mod.ts";
import { inConfigWords, putAt, refusalOf } from "../lib/mod.ts";
import { hubFrom } from "../hub/mod.ts";
import type {
  NoSecondOpinion,
  SecondOpinion,
} from "../templates/terminal/training_text.ts";
import { trainingText } from "../templates/terminal/training_text.ts";
import { applySet } from "./apply_set.ts";
import { environment } from "./environment.ts";
import { estimateModel } from "./estimate_model.ts";
import type { Configuration } from "./read_configuration.ts";
import { terminalWidth } from "./terminal_width.ts";
import { UsageError } from "./usage_error.ts";
import { wantsColor } from "./wants_color.ts";
import { write } from "./write.ts";

/** The method whose figure stands beside the answer. */
export const OWN_METHOD = "engine-formulas";

/** What `calculate` and `quick` were given beside the scenario. */
export interface AnswerOptions {
  method?: string;
  gpu?: string;
  set: string[];
  format: string;
  json?: boolean;
}

/** `--format`, as the calculator has it. */
export function formatOption(): Option {
  return new Option("-f, --format <format>", "how to print the answer")
    .choices(["table", "json", "yaml"]).default("table");
}

/** A word of `--set` beside the earlier ones. */
export function alsoSet(word: string, words: string[]): string[] {
  return [...words, word];
}

/**
 * Estimates what was read and prints it, with the calculator's own formulas as
 * a second opinion.
 *
 * @param options.known The model as the calculator would take it, where that is
 *   another one.
 * @throws {UsageError} Naming every problem.
 */
export async function printAnswer(
  { input, read }: Configuration,
  given: AnswerOptions,
  { known }: { known?: unknown } = {},
): Promise<void> {
  if (given.gpu !== undefined) putAt(input, "hardware.gpu", given.gpu);
  if (given.method !== undefined) input["method"] = given.method;
  for (const word of given.set) applySet(input, word);
  const own = known === undefined ? input : { ...input, model: known };
  const hub = hubFrom(environment);
  const result = await estimateModel(
    input["method"] === OWN_METHOD ? own : input,
    hub,
  );
  if (!result.ok) throw await refused(result.problems, given);
  const opinion = result.value.method === OWN_METHOD
    ? null
    : opinionOf(await estimateModel({ ...own, method: OWN_METHOD }, hub));
  const answer = {
    ...result.value,
    second_opinion: opinion,
    ...(read ? { read } : {}),
  };
  await write(printed(answer, opinion, read, given));
}

function printed(
  answer: Estimate,
  opinion: SecondOpinion | NoSecondOpinion | null,
  read: Configuration["read"],
  { json, format }: AnswerOptions,
): string {
  if (json || format === "json") return `${JSON.stringify(answer, null, 2)}\n`;
  if (format === "yaml") return stringify(answer);
  return trainingText(answer, {
    color: wantsColor(),
    width: terminalWidth(),
    opinion,
    read,
  });
}

/** The other method's figures, or why it has none. */
function opinionOf(result: Result<Estimate>): SecondOpinion | NoSecondOpinion {
  if (!result.ok) {
    return { reason: result.problems[0]?.message ?? "it is refused" };
  }
  const { method, memory, host, fit, warnings } = result.value;
  const [own] = fit;
  return method === OWN_METHOD && own
    ? { method, memory, host, fit: own, warnings }
    : { reason: warnings[0] ?? `the ${method} method answered instead` };
}

/** Every problem, in the words of the file. */
async function refused(
  problems: readonly Problem[],
  { json, format }: AnswerOptions,
): Promise<UsageError> {
  const worded = inConfigWords(problems);
  if (json || format === "json") {
    await write(`${JSON.stringify(refusalOf(worded))}\n`);
  }
  return new UsageError(worded.map(({ message }) => message).join("\n"));
}
