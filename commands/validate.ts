import { Command } from "commander";
import type { Problem } from "../lib/mod.ts";
import { inConfigWords } from "../lib/mod.ts";
import { hubFrom } from "../hub/mod.ts";
import { readingText } from "../templates/terminal/training_text.ts";
import { environment } from "./environment.ts";
import { estimateModel } from "./estimate_model.ts";
import type { Configuration } from "./read_configuration.ts";
import { readConfiguration } from "./read_configuration.ts";
import { readJson } from "./read_json.ts";
import { wantsColor } from "./wants_color.ts";
import { write } from "./write.ts";

const EXAMPLES = `
Example:
  deno task validate configs/my_config.json

Exit status: 0 when it is valid, 1 when it is not, with every problem and its
path, 2 when it cannot be read.`;

/** Exit status for a configuration with problems. */
const INVALID = 1;

/** `validate`: every problem of a configuration at once. */
export function validateCommand(): Command {
  return new Command("validate")
    .description("Check a configuration file, every problem at once")
    .argument("<file>", "a configuration in JSON; - is the standard input")
    .option("--json", "print what was found as JSON")
    .addHelpText("after", EXAMPLES)
    .action(run);
}

async function run(path: string, { json }: { json?: boolean }): Promise<void> {
  const configuration = readConfiguration(await readJson(path));
  const problems = configuration.ok
    ? await problemsOf(configuration.value)
    : configuration.problems;
  const read = configuration.ok ? configuration.value.read : null;
  const valid = problems.length === 0;
  if (json) {
    const found = { valid, problems, ...(read ? { read } : {}) };
    await write(`${JSON.stringify(found, null, 2)}\n`);
  } else if (valid) {
    const reading = read ? `\n${readingText(read, wantsColor())}` : "";
    await write(`✓ ${path} is valid\n${reading}`);
  } else {
    const count = problems.length === 1
      ? "a problem"
      : `${problems.length} problems`;
    console.error(
      [
        `✗ ${path} has ${count}`,
        ...problems.map(({ message }) => `  - ${message}`),
      ]
        .join("\n"),
    );
  }
  if (!valid) Deno.exitCode = INVALID;
}

async function problemsOf({ input }: Configuration): Promise<Problem[]> {
  const result = await estimateModel(input, hubFrom(environment));
  return result.ok ? [] : inConfigWords(result.problems);
}
