import { Command } from "commander";
import { hubFrom } from "../hub/mod.ts";
import type { Problem } from "../lib/mod.ts";
import { actLines } from "../lib/mod.ts";
import { actsText } from "../templates/terminal/acts_text.ts";
import { applySet } from "./apply_set.ts";
import { environment } from "./environment.ts";
import { resolveInput } from "./estimate_model.ts";
import { readJson } from "./read_json.ts";
import { spelled } from "./spelled.ts";
import { UsageError } from "./usage_error.ts";
import { write } from "./write.ts";

const EXAMPLES = `
Examples:
  What one GPU does in a step, a line an act
    deno task headroom acts scenario.json
  The same of another batch, as JSON
    deno task headroom acts scenario.json --set train.micro_batch=4 --json

A line says in which step and phase, what runs or is taken, how many bytes it
leaves standing, how many more stand within it, and how many stand in all.`;

/** `acts`: a scenario in, its rank's program out. */
export function actsCommand(): Command {
  return new Command("acts")
    .description("List what a GPU does in a step, one line an act")
    .argument("<scenario>", "a scenario in JSON; - is the standard input")
    .option("--json", "print the acts as JSON, a line each")
    .option(
      "--set <path=value>",
      "set any field of the scenario, such as train.micro_batch=2",
      (word: string, words: string[]) => [...words, word],
      [],
    )
    .addHelpText("after", spelled(EXAMPLES))
    .action(run);
}

async function run(
  file: string,
  { json = false, set }: { json?: boolean; set: string[] },
): Promise<void> {
  const input = await readJson(file);
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new UsageError(`${file} must be a scenario: an object in JSON`);
  }
  const settled = { ...input };
  for (const word of set) applySet(settled, word);
  const resolved = await resolveInput(settled, hubFrom(environment));
  if (!resolved.ok) throw usageError(resolved.problems);
  const { scenario, model } = resolved.value;
  const lines = actLines(scenario, model);
  if (!lines.ok) throw usageError(lines.problems);
  await write(
    json
      ? lines.value.map((line) => `${JSON.stringify(line)}\n`).join("")
      : actsText(lines.value),
  );
}

function usageError(problems: readonly Problem[]): UsageError {
  return new UsageError(
    problems.map(({ path, message }) => path ? `${path}: ${message}` : message)
      .join("\n"),
  );
}
