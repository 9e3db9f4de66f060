import { assert, assertEquals } from "@std/assert";
import { workOf } from "./work.ts";

const WAYS: [what: string, way: (texts: string[]) => unknown][] = [
  ["some()", (texts) => texts.map((text) => texts.some((each) => each > text))],
  ["slice()", (texts) => texts.map((_, at) => texts.slice(at))],
  ["split()", (texts) => texts.map(() => texts.join().split(","))],
  ["matches", (texts) => texts.map(() => texts.join().match(/[^a]*$/))],
  ["Map", (texts) => {
    const seen = new Map<string, number>();
    for (const a of texts) for (const b of texts) seen.set(a + b, 1);
  }],
];

for (const [what, way] of WAYS) {
  Deno.test(`workOf() sees that work by ${what} grows with the square`, () => {
    const work = (size: number): number =>
      workOf(() => way(Array.from({ length: size }, (_, at) => `b${at}`)));
    const grown = work(400) / work(200);
    assert(grown > 3 && grown < 5, `${grown} times`);
  });
}

Deno.test("workOf() counts the same again, and leaves the methods as they were", () => {
  const { push } = Array.prototype;
  const work = (): number => workOf(() => [3, 1, 2].sort().map(String));
  assertEquals(work(), work());
  try {
    workOf(() => {
      throw new Error("stops");
    });
  } catch {
    // What it was about is the methods.
  }
  assert(Array.prototype.push === push);
});
