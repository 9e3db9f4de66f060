import { Command } from "commander";
import { fromFlags } from "../lib/mod.ts";
import { hubFrom } from "../hub/mod.ts";
import { applySet } from "./apply_set.ts";
import { environment } from "./environment.ts";
import { printExplanation } from "./explain_error.ts";
import { flagOptions, givenFlags } from "./given_flags.ts";
import { readScenario } from "./read_scenario.ts";
import { spelled } from "./spelled.ts";
import { UsageError } from "./usage_error.ts";

interface Given {
  scenario?: string;
  set: string[];
  json?: boolean;
  [flag: string]: unknown;
}

const EXAMPLES = `
Examples:
  A log with an out-of-memory error
    deno task headroom explain train.log
  What a command prints, and the model that it does not name
    python train.py 2>&1 | deno task headroom explain - --model llama3.1-8b
  nvidia-smi's table
    nvidia-smi | deno task headroom explain -`;

/** `explain`: the same as `estimate --explain`, with the file first. */
export function explainCommand(): Command {
  const command = new Command("explain")
    .description("Explain an out-of-memory error, and what would have fitted")
    .argument("[file]", "the error or its log; - is the standard input", "-")
    .option("--scenario <file>", "what is known of the run, in JSON")
    .option(
      "--set <path=value>",
      "set any field of the scenario, such as train.micro_batch=2",
      (word: string, words: string[]) => [...words, word],
      [],
    )
    .option("--json", "print the explanation as JSON");
  for (const option of flagOptions(() => true)) command.addOption(option);
  return command.addHelpText("after", spelled(EXAMPLES)).action(run);
}

async function run(file: string, given: Given): Promise<void> {
  if (file === "-" && given.scenario === "-") {
    throw new UsageError(
      "the error and --scenario - both read the standard input: give one of them another way",
    );
  }
  const flags = givenFlags(given);
  const base = given.scenario === undefined
    ? {}
    : await readScenario(given.scenario);
  const input = fromFlags(flags, base);
  for (const word of given.set) applySet(input, word);
  await printExplanation(file, input, hubFrom(environment), {
    json: given.json === true,
    flags,
  });
}
