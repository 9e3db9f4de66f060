import { assert, assertEquals } from "@std/assert";
import { differencesBetween } from "../../tools/dump/differences.ts";
import type { Line } from "../../tools/dump/file.ts";
import { lineOf, readLines, writeLines } from "../../tools/dump/file.ts";
import { Report } from "../../tools/dump/report.ts";
import { scenarioCase } from "../../tools/dump/cases/scenario_case.ts";

const CASE = scenarioCase("small", {
  model: {
    dims: {
      layers: 2,
      hidden_size: 64,
      attention_heads: 4,
      vocab_size: 100,
    },
  },
});

async function lineAgain(): Promise<Line> {
  return (await lineOf(CASE)).line;
}

Deno.test("a dump of the same code has all answers the same", async () => {
  const report = new Report();
  report.add("small", await lineAgain(), await lineAgain());
  assert(!report.differs);
  assertEquals(report.lines(), ["1 answers, all the same"]);
});

Deno.test("a dump finds a planted difference and names its path", async () => {
  const before = await lineAgain();
  const { line: planted } = await lineOf({
    id: "small",
    answer: () => {
      const answer = structuredClone(before.answer) as {
        estimate: { memory: { device_peak_bytes: number } };
      };
      answer.estimate.memory.device_peak_bytes += 1;
      return answer;
    },
  });
  const report = new Report();
  report.add("small", before, planted);
  report.add("gone", before, null);
  assert(report.differs);
  const text = report.lines().join("\n");
  assert(/estimate\.memory\.device_peak_bytes: (\d+) -> \d+/.test(text), text);
  assert(text.includes("gone\n  (no longer asked)"), text);
  assert(text.endsWith("2 answers, 2 differ"), text);
});

Deno.test("differencesBetween() names places, what is missing and the order of keys", () => {
  assertEquals(
    differencesBetween({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }, 4] }),
    [
      { path: "a[1].b", before: 2, after: 3 },
      { path: "a[2]", before: undefined, after: 4 },
    ],
  );
  assertEquals(differencesBetween({ a: 1, b: 2 }, { b: 2, a: 1 }), [
    { path: " (order of keys)", before: "a, b", after: "b, a" },
  ]);
});

Deno.test("a dump is read as it was written, gzipped or not", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["plain.ndjson", "packed.ndjson.gz"]) {
      const lines = ["one", "two", "x".repeat(200_000)];
      await writeLines(`${folder}/${name}`, ReadableStream.from(lines));
      assertEquals(
        await Array.fromAsync(readLines(`${folder}/${name}`)),
        lines,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what is thrown is an answer too", async () => {
  const { line } = await lineOf({
    id: "thrown",
    answer: () => {
      throw new RangeError("no");
    },
  });
  assertEquals(line.answer, { threw: "RangeError: no" });
});
