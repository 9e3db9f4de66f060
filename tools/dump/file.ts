import { hashOf } from "./hash.ts";
import type { Case } from "./case.ts";

/** An answer as a dump holds it. */
export interface Line {
  id: string;
  hash: string;
  answer: unknown;
}

/** Answers a case; what is thrown is an answer too. */
export async function lineOf(
  { id, answer }: Case,
): Promise<{ line: Line; text: string }> {
  let answered: string;
  try {
    answered = JSON.stringify(await answer(), plain) ?? "null";
  } catch (error) {
    answered = JSON.stringify({
      threw: error instanceof Error
        ? `${error.name}: ${error.message}`
        : String(error),
    });
  }
  const hash = hashOf(answered);
  return {
    line: { id, hash, answer: JSON.parse(answered) },
    text: `{"id":${JSON.stringify(id)},"hash":"${hash}","answer":${answered}}`,
  };
}

/** Numbers that JSON has no word for would all become null. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value)
    ? String(value)
    : value;
}

/** Writes lines, gzipped where the name ends in .gz. */
export async function writeLines(
  file: string,
  lines: AsyncIterable<string>,
): Promise<void> {
  const iterator = lines[Symbol.asyncIterator]();
  const text = new ReadableStream<string>({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done) controller.close();
      else controller.enqueue(`${next.value}\n`);
    },
  }).pipeThrough(new TextEncoderStream());
  const output = await Deno.open(file, {
    write: true,
    create: true,
    truncate: true,
  });
  await (file.endsWith(".gz")
    ? text.pipeThrough(new CompressionStream("gzip"))
    : text).pipeTo(output.writable);
}

/** Reads the lines of a dump, one after another. */
export async function* readLines(file: string): AsyncGenerator<string> {
  const { readable } = await Deno.open(file);
  const bytes = file.endsWith(".gz")
    ? readable.pipeThrough(new DecompressionStream("gzip"))
    : readable;
  const pieces: string[] = [];
  for await (const piece of bytes.pipeThrough(new TextDecoderStream())) {
    const [first = "", ...more] = piece.split("\n");
    pieces.push(first);
    for (const each of more) {
      yield pieces.join("");
      pieces.splice(0, pieces.length, each);
    }
  }
  const last = pieces.join("");
  if (last !== "") yield last;
}
