import process from "node:process";
import { Command } from "commander";
import type { Problem } from "../lib/mod.ts";
import { inConfigWords, scenarioOfConfiguration } from "../lib/mod.ts";
import { hubFrom } from "../hub/mod.ts";
import { importedText } from "../templates/terminal/imported_text.ts";
import { readingText } from "../templates/terminal/training_text.ts";
import { environment } from "./environment.ts";
import { estimateModel } from "./estimate_model.ts";
import type { Configuration } from "./read_configuration.ts";
import { readConfiguration } from "./read_configuration.ts";
import { readText } from "./files.ts";
import { parseJson } from "./read_json.ts";
import { wantsColor } from "./wants_color.ts";
import { spelled } from "./spelled.ts";
import { write } from "./write.ts";

const EXAMPLES = `
Example:
  deno task validate configs/my_config.json

FILE is a configuration of the training memory calculator or a scenario in JSON,
or whatever estimate --from reads: another tool's file, a server's command or log.

Exit status: 0 when it is valid, 1 when it is not, with every problem and its
path, 2 when it cannot be read.`;

/** Exit status for a configuration with problems. */
const INVALID = 1;

/** `validate`: every problem of a configuration at once. */
export function validateCommand(): Command {
  return new Command("validate")
    .description("Check a configuration file, every problem at once")
    .argument("<file>", "a configuration; - is the standard input")
    .option("--json", "print what was found as JSON")
    .addHelpText("after", spelled(EXAMPLES))
    .action(run);
}

async function run(path: string, { json }: { json?: boolean }): Promise<void> {
  const text = await readText(path);
  const { problems, read, reading } = isJson(text)
    ? await checkJson(text, path)
    : await checkOther(text, path);
  const valid = problems.length === 0;
  if (json) {
    const found = { valid, problems, ...(read ? { read } : {}) };
    await write(`${JSON.stringify(found, null, 2)}\n`);
  } else if (valid) {
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
  if (!valid) process.exitCode = INVALID;
}

/** What was found of a file, and how it was read in words. */
interface Checked {
  problems: readonly Problem[];
  read: object | null;
  reading: string;
}

function isJson(text: string): boolean {
  return /^\s*\{/.test(text);
}

/** The calculator's configurations, and scenarios. */
async function checkJson(text: string, path: string): Promise<Checked> {
  const configuration = readConfiguration(parseJson(text, path));
  if (!configuration.ok) {
    return { problems: configuration.problems, read: null, reading: "" };
  }
  const { read } = configuration.value;
  return {
    problems: await problemsOf(configuration.value),
    read,
    reading: read ? `\n${readingText(read, wantsColor())}` : "",
  };
}

/** What another tool is started with, or what it printed. */
async function checkOther(text: string, path: string): Promise<Checked> {
  const imported = scenarioOfConfiguration(text, path === "-" ? "" : path);
  if (!imported.ok) {
    return { problems: imported.problems, read: null, reading: "" };
  }
  const { scenario, ...read } = imported.value;
  if (read.missing.length > 0) {
    return {
      problems: read.missing.map(({ name, reason }) => ({
        path: name,
        message: reason,
      })),
      read,
      reading: "",
    };
  }
  const result = await estimateModel(scenario, hubFrom(environment));
  return {
    problems: result.ok ? [] : result.problems,
    read,
    reading: `\n${importedText(read)}`,
  };
}

async function problemsOf({ input }: Configuration): Promise<Problem[]> {
  const result = await estimateModel(input, hubFrom(environment));
  return result.ok ? [] : inConfigWords(result.problems);
}
