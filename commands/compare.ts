import { basename } from "node:path";
import { Command } from "commander";
import type { Hub } from "../hub/mod.ts";
import { hubFrom } from "../hub/mod.ts";
import type { Estimate } from "../lib/mod.ts";
import { differencesOf, MAX_COMPARED, refusalOf } from "../lib/mod.ts";
import { nameOf } from "../templates/form/comparison.ts";
import { compareText } from "../templates/terminal/compare_text.ts";
import { environment } from "./environment.ts";
import { estimateModel } from "./estimate_model.ts";
import { readText } from "./files.ts";
import { UsageError } from "./usage_error.ts";
import { write } from "./write.ts";

const EXAMPLES = `
Examples:
  Two scenarios
    deno task compare full.json lora.json
  Up to ${MAX_COMPARED}, a line each, from the standard input
    deno task compare - < scenarios.jsonl

A file holds one scenario in JSON. Exit status: 0, or 2 when one cannot be used.`;

/** A scenario as it was read, and where it came from. */
interface Read {
  name: string;
  /** What a message calls it. */
  place: string;
  input: unknown;
}

/** `compare`: scenarios in, a table of them side by side out. */
export function compareCommand(): Command {
  return new Command("compare")
    .description(`Set up to ${MAX_COMPARED} scenarios side by side`)
    .argument("<files...>", "scenarios in JSON; - is one a line of the input")
    .option("--json", "print the estimates and what differs as JSON")
    .option(
      "--name <name>",
      "what a scenario is called, in their order; its file's name unless given",
      (word: string, words: string[]) => [...words, word],
      [],
    )
    .addHelpText("after", EXAMPLES)
    .action(run);
}

async function run(
  files: string[],
  { json = false, name: names }: { json?: boolean; name: string[] },
): Promise<void> {
  const read = (await readAll(files)).map((each, at) => ({
    ...each,
    name: nameOf(names[at] ?? each.name),
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

async function estimateAll(
  read: readonly Read[],
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

async function readAll(files: readonly string[]): Promise<Read[]> {
  if (files.filter((file) => file === "-").length > 1) {
    throw new UsageError("The standard input, -, can be read once only");
  }
  const read: Read[] = [];
  for (const file of files) {
    const text = await readText(file);
    if (file !== "-") {
      const name = basename(file).replace(/\.json$/, "");
      read.push({ name, place: file, input: parsed(text, file) });
      continue;
    }
    for (const [at, line] of text.split("\n").entries()) {
      if (line.trim() === "") continue;
      const place = `line ${at + 1}`;
      read.push({ name: place, place, input: parsed(line, place) });
    }
  }
  return read;
}

function parsed(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${place} must be a scenario in JSON: ${
        error instanceof Error ? error.message : error
      }`,
    );
  }
}
