import { Command, Option } from "commander";
import type { Hub } from "../hub/mod.ts";
import { hubFrom } from "../hub/mod.ts";
import type { Estimate, GivenFlag } from "../lib/mod.ts";
import {
  differencesOf,
  FLAGS,
  fromFlags,
  MAX_COMPARED,
  refusalOf,
} from "../lib/mod.ts";
import { nameOf } from "../templates/form/comparison.ts";
import { compareText } from "../templates/terminal/compare_text.ts";
import { applySet } from "./apply_set.ts";
import type { Compared } from "./compared.ts";
import { readCompared } from "./compared.ts";
import { environment } from "./environment.ts";
import { estimateModel } from "./estimate_model.ts";
import { givenFlags } from "./given_flags.ts";
import { spelled } from "./spelled.ts";
import { alsoSet } from "./training_answer.ts";
import { UsageError } from "./usage_error.ts";
import { write } from "./write.ts";

const EXAMPLES = `
Examples:
  Two models with the same settings
    deno task compare qwen3-8b llama3.1-8b --qlora --gpu 4090
  Links that were copied off the page
    deno task compare "https://example.org/?model=gpt2&train.micro_batch=8" gpt2
  Two scenarios
    deno task compare full.json lora.json
  Up to ${MAX_COMPARED}, a line each, from the standard input
    deno task compare - < scenarios.jsonl

A file holds one scenario in JSON. Flags of estimate set the same fields of all
of them. Exit status: 0, or 2 when one cannot be used.`;

interface Given {
  json?: boolean;
  name: string[];
  set: string[];
  [flag: string]: unknown;
}

/** `compare`: scenarios in, a table of them side by side out. */
export function compareCommand(): Command {
  const command = new Command("compare")
    .description(`Set up to ${MAX_COMPARED} scenarios side by side`)
    .argument(
      "<scenarios...>",
      "files in JSON, models, or links of the page; - is a scenario a line of the input",
    )
    .option("--json", "print the estimates and what differs as JSON")
    .option(
      "--name <name>",
      "what a scenario is called, in their order; its file's name unless given",
      (word: string, words: string[]) => [...words, word],
      [],
    )
    .option(
      "--set <path=value>",
      "set any field of all of them, such as train.loss=fused",
      alsoSet,
      [],
    );
  for (const { name, value } of FLAGS) {
    const taken = value === "<bool>" ? "[bool]" : value;
    command.addOption(new Option(`${name} ${taken}`).hideHelp());
  }
  return command.addHelpText("after", spelled(EXAMPLES)).action(run);
}

async function run(words: string[], given: Given): Promise<void> {
  const { json = false, name: names } = given;
  const flags = givenFlags(given);
  const read = (await readCompared(words)).map((each, at) => ({
    ...each,
    name: nameOf(names[at] ?? each.name),
    input: withSettings(each.input, flags, given.set),
  }));
  if (read.length === 0) {
    throw new UsageError("There must be at least one scenario: there is none");
  }
  if (read.length > MAX_COMPARED) {
    throw new UsageError(
      `There must be at most ${MAX_COMPARED} scenarios: current value is ${read.length}`,
    );
  }
  if (names.length > read.length) {
    throw new UsageError(
      `--name must be given at most once a scenario, ${read.length} times: current value is ${names.length} times`,
    );
  }
  const estimates = await estimateAll(read, hubFrom(environment), json);
  if (!json) {
    await write(compareText(estimates, read.map(({ name }) => name)));
    return;
  }
  const differences = differencesOf(
    estimates.map(({ scenario }) => scenario),
    estimates.map(({ model }) => model.name),
  );
  await write(
    `${
      JSON.stringify(
        {
          estimates,
          differences: differences.map(({ path, values }) => ({
            path,
            values: values.map((value) => value ?? null),
          })),
        },
        null,
        2,
      )
    }\n`,
  );
}

/** A scenario with what the command line sets of all of them. */
function withSettings(
  input: unknown,
  flags: readonly GivenFlag[],
  set: readonly string[],
): unknown {
  if (flags.length === 0 && set.length === 0) return input;
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return input;
  }
  const own = fromFlags(flags, input as Record<string, unknown>);
  for (const word of set) applySet(own, word);
  return own;
}

async function estimateAll(
  read: readonly Compared[],
  hub: Hub | null,
  json: boolean,
): Promise<Estimate[]> {
  const estimates: Estimate[] = [];
  for (const { input, place } of read) {
    const result = await estimateModel(input, hub);
    if (!result.ok) {
      if (json) await write(`${JSON.stringify(refusalOf(result.problems))}\n`);
      throw new UsageError(
        result.problems.map(({ message }) => `${place}: ${message}`).join("\n"),
      );
    }
    estimates.push(result.value);
  }
  return estimates;
}
