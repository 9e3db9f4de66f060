import { once } from "node:events";
import { createReadStream } from "node:fs";
import { stdin } from "node:process";
import { Readable } from "node:stream";
import type { Hub } from "../hub/mod.ts";
import type { FitAsked } from "../lib/mod.ts";
import { refusalOf, withFit } from "../lib/mod.ts";
import { estimateModel } from "./estimate_model.ts";
import { userPath } from "./files.ts";
import { reasonOf } from "./system_error.ts";
import { UsageError } from "./usage_error.ts";
import { write } from "./write.ts";

/** Longest line of a batch: a Scenario with a whole config.json is far shorter. */
const MAX_LINE = 4 * 1024 * 1024;

/**
 * Answers newline-delimited Scenarios with newline-delimited Estimates, line by
 * line in constant memory. A bad line is answered with its error.
 *
 * @param path A file, or "-" for the standard input.
 * @param hub Null where nobody may be asked.
 * @param fit Of which GPUs each Estimate tells.
 * @returns How many lines were refused.
 */
export async function batch(
  path: string,
  hub: Hub | null,
  fit: FitAsked,
): Promise<number> {
  let refused = 0;
  for await (const line of linesOf(await open(path))) {
    if (typeof line === "string" && line.trim() === "") continue;
    const answer = await answerTo(line, hub, fit);
    if ("error" in answer) refused++;
    await write(`${JSON.stringify(answer)}\n`);
  }
  return refused;
}

async function answerTo(
  line: string | null,
  hub: Hub | null,
  fit: FitAsked,
): Promise<object> {
  if (line === null) {
    return refusal(`The line must be at most ${MAX_LINE} characters`);
  }
  let input: unknown;
  try {
    input = JSON.parse(line);
  } catch (error) {
    return refusal(
      `The line must be a scenario in JSON: ${
        error instanceof Error ? error.message : error
      }`,
    );
  }
  const result = await estimateModel(input, hub);
  return result.ok ? withFit(result.value, fit) : refusalOf(result.problems);
}

function refusal(message: string): object {
  return refusalOf([{ path: "", message }]);
}

async function open(path: string): Promise<Readable> {
  if (path === "-") return stdin;
  try {
    const file = createReadStream(userPath(path));
    await once(file, "open");
    return file;
  } catch (error) {
    throw new UsageError(`--batch: Cannot read ${path}: ${reasonOf(error)}`);
  }
}

/** The lines of a stream; null for each that is too long to hold. */
async function* linesOf(
  stream: Readable,
): AsyncGenerator<string | null> {
  let rest = "";
  let tooLong = false;
  const bytes = Readable.toWeb(stream) as ReadableStream<Uint8Array>;
  for await (
    const chunk of bytes.pipeThrough(
      new TextDecoderStream() as TransformStream<Uint8Array, string>,
    )
  ) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      yield tooLong || line.length > MAX_LINE ? null : line;
      tooLong = false;
    }
    if (rest.length > MAX_LINE) {
      tooLong = true;
      rest = "";
    }
  }
  if (tooLong) yield null;
  else if (rest !== "") yield rest;
}
