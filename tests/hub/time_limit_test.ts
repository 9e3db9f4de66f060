import { assert, assertEquals, assertThrows } from "@std/assert";
import { runWithin } from "../../hub/time_limit.ts";

Deno.test("work that takes too long is stopped, wherever it is", () => {
  const endless: (() => unknown)[] = [
    () => {
      for (;;);
    },
    () => /^(a+)+$/.test(`${"a".repeat(60)}!`),
    () => {
      for (;;) {
        try {
          for (;;);
        } catch {
          // No code can catch it.
        }
      }
    },
  ];
  for (const work of endless) assert(!runWithin(20, work));
});

Deno.test("work that is done in time is not touched, nor what it throws", () => {
  let done = 0;
  assert(runWithin(60_000, () => done++));
  assert(runWithin(60_000, () => {
    assert(runWithin(60_000, () => done++));
    done++;
  }));
  assertEquals(done, 3);
  assertThrows(
    () =>
      runWithin(60_000, () => {
        throw new TypeError("its own");
      }),
    TypeError,
    "its own",
  );
});
