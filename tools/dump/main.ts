/**
 * Answers many questions through the doors of lib/, to restructure it without
 * changing an answer:
 *
 *     deno task dump FILE             write every answer, a line of JSON each
 *     deno task dump --against FILE   answer again, and show what differs
 *
 * The file is gzipped where its name ends in .gz.
 *
 * @module
 */
import type { Case } from "./case.ts";
import { allCases } from "./cases/mod.ts";
import type { Line } from "./file.ts";
import { lineOf, readLines, writeLines } from "./file.ts";
import { Report } from "./report.ts";

const [first, second, ...more] = Deno.args;
if (first === undefined || more.length > 0) {
  console.error("Usage: deno task dump FILE | --against FILE");
  Deno.exit(2);
}
if (first === "--against") {
  if (second === undefined) {
    console.error("--against needs the file of an earlier dump");
    Deno.exit(2);
  }
  await compare(second);
} else await write(first);

async function write(file: string): Promise<void> {
  const cases = allCases();
  await writeLines(file, answersTo(cases));
  console.log(`${cases.length} answers written`);
}

async function* answersTo(cases: readonly Case[]): AsyncGenerator<string> {
  for (const each of cases) yield (await lineOf(each)).text;
}

/** Goes through the file in its order, so that one answer is held at a time. */
async function compare(file: string): Promise<void> {
  const cases = new Map(allCases().map((each) => [each.id, each]));
  const report = new Report();
  for await (const text of readLines(file)) {
    const before = JSON.parse(text) as Line;
    const found = cases.get(before.id);
    cases.delete(before.id);
    report.add(before.id, before, found ? (await lineOf(found)).line : null);
  }
  for (const [id, left] of cases) {
    report.add(id, null, (await lineOf(left)).line);
  }
  console.log(report.lines().join("\n"));
  Deno.exit(report.differs ? 1 : 0);
}
