import type { Result } from "../lib/mod.ts";
import { refused } from "./api_body.ts";

/** Where a batch is asked for. */
export const BATCH = "/api/v1/batch";

/** A line of JSON each, as it is sent. */
export const LINES_TYPE = "application/x-ndjson";

/** Scenarios that a batch may have. */
export const MAX_LINES = 1000;

/** The lines of a batch that say something. */
export function linesOf(text: string): Result<string[]> {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length === 0) {
    return refused("", "The body must be scenarios in JSON, one a line");
  }
  return lines.length > MAX_LINES
    ? refused(
      "",
      `The body must have at most ${MAX_LINES} lines: current value has ${lines.length}`,
    )
    : { ok: true, value: lines };
}

/**
 * The answers to lines, in their order, each once it is asked for: nothing is
 * computed that nobody takes, and no more than one answer is held.
 *
 * @param answer Answers a line, without a line's end.
 * @param leave Is called when nobody takes any more.
 */
export function answersTo(
  lines: readonly string[],
  answer: (line: string) => Promise<string>,
  leave: () => void = () => {},
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      const line = lines[at++];
      if (line !== undefined) {
        controller.enqueue(encoder.encode(`${await answer(line)}\n`));
      }
      if (at >= lines.length) controller.close();
    },
    cancel: leave,
  }, { highWaterMark: 0 });
}
