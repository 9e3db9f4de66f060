import { assertEquals } from "@std/assert";
import { PARTS } from "../../lib/answer/parts.ts";
import { bandsOf } from "../../templates/answer/step_bands.ts";

Deno.test("every part of a step that a tensor can be of is drawn, the ends of blocks alone are not", () => {
  const parts = PARTS.filter((name) => name !== "allocator rounding");
  const point = {
    phase: "forward",
    at: "embeddings",
    bytes: parts.length,
    stack: parts.map(() => 1),
  } as const;
  const bands = bandsOf({ parts, points: [point] }, [point]);
  assertEquals(bands.at(-1)?.ranges.at(0)?.at(1), parts.length);
});
