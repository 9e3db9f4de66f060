import { readFile, writeFile } from "node:fs/promises";
import { Command } from "commander";
import type { Accuracy } from "../lib/ask/accuracy.ts";
import type { Case } from "../lib/evidence/case.ts";
import { readText } from "./files.ts";
import { isMissing } from "./system_error.ts";
import { UsageError } from "./usage_error.ts";
import { write } from "./write.ts";

const NOTES = `
Without --cases the project's own cases are predicted: tests/truth/measured.json
and steps.json. FILE holds a list of measured runs, traced steps or both, in the
same form. A case that cannot be predicted is named with the reason.`;

interface Given {
  cases?: string;
  json?: boolean;
  write?: boolean;
}

/** `accuracy`: every method over measured cases, side by side. */
export function accuracyCommand(): Command {
  return new Command("accuracy")
    .description("Predict measured cases with every method and score them")
    .option("--cases <file>", "cases in JSON; - is the standard input")
    .option("--json", "print scores and predictions as JSON")
    .option(
      "--write",
      "write docs/accuracy.*, lib/evidence/bands.json and runs.json",
    )
    .addHelpText("after", NOTES)
    .action(run);
}

async function run(given: Given): Promise<void> {
  if (given.write && given.cases !== undefined) {
    throw new UsageError(
      "--write takes no --cases: the documents are about the project's own",
    );
  }
  // The other commands need none of this, and start sooner without it.
  const { accuracyOf } = await import("../lib/ask/accuracy.ts");
  const { accuracyText } = await import(
    "../templates/terminal/accuracy_text.ts"
  );
  const accuracy = accuracyOf(
    given.cases === undefined ? await ownCases() : await casesIn(given.cases),
  );
  await write(
    given.json
      ? `${JSON.stringify(asJson(accuracy), null, 2)}\n`
      : accuracyText(accuracy),
  );
  if (given.write) await writeAll(accuracy);
}

/** The project's own cases. */
async function ownCases(): Promise<Case[]> {
  const files = ["measured.json", "steps.json"];
  const lists = await Promise.all(
    files.map((name) => readFile(new URL(name, TRUTH), "utf8")),
  ).catch((error) => {
    if (!isMissing(error)) throw error;
    throw new UsageError(
      "--cases is missing: the project's own cases come with its sources alone",
    );
  });
  return await parsed(lists.flatMap((text) => JSON.parse(text)), "the truth");
}

const TRUTH = new URL("../tests/truth/", import.meta.url);

async function casesIn(path: string): Promise<Case[]> {
  const text = await readText(path, MAX_BYTES);
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `--cases must be JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
  return await parsed(input, "--cases");
}

/** Largest file of cases: a case is a kilobyte or two. */
const MAX_BYTES = 256 * 1024 * 1024;

async function parsed(input: unknown, name: string): Promise<Case[]> {
  const { readCases } = await import("../lib/evidence/case.ts");
  const read = readCases(input);
  if (read.ok) return read.value;
  throw new UsageError(
    `${name}: ${read.problems.map(({ message }) => message).join("\n")}`,
  );
}

/** Scores and predictions for other programs. */
function asJson({ cases, methods, predictions, board, unpredicted }: Accuracy) {
  return {
    cases: cases.length,
    methods,
    overall: board.overall,
    aim: board.aim,
    counters: board.counters,
    groups: board.groups,
    not_predicted: unpredicted,
    predictions: predictions.map((each) => ({
      method: each.method,
      id: each.case.id,
      group: each.case.group,
      counter: each.reading.counter,
      measured_bytes: each.reading.bytes,
      predicted_bytes: each.figure?.bytes ?? null,
      error: each.error,
      basis: each.figure?.basis ?? null,
      reason: each.reason,
    })),
  };
}

async function writeAll(accuracy: Accuracy): Promise<void> {
  const { writtenFiles } = await import("../templates/accuracy/files.ts");
  const root = new URL("../", import.meta.url);
  for (const [path, text] of Object.entries(writtenFiles(accuracy))) {
    await writeFile(new URL(path, root), text);
    console.error(`Wrote ${path}`);
  }
}
