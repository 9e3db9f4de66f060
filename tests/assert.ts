/**
 * The names of `@std/assert` over `node:assert/strict`, so that tests read as
 * Deno's do and one line of deno.json can swap in the original.
 *
 * @module
 */
import nodeAssert from "node:assert/strict";

/** Fails unless the two values are deeply and strictly equal. */
export function assertEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  nodeAssert.deepStrictEqual(actual, expected, message);
}

/** Fails unless the expression is truthy. */
export function assert(
  expression: unknown,
  message?: string,
): asserts expression {
  nodeAssert.ok(expression, message);
}

/** Fails unless `actual` lies within `tolerance` of `expected`. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance = Math.abs(expected) * 1e-7,
  message = `Expected ${actual} to be within ${tolerance} of ${expected}`,
): void {
  nodeAssert.ok(Math.abs(actual - expected) <= tolerance, message);
}

/** Fails unless `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string): void {
  nodeAssert.ok(
    actual.includes(expected),
    `Expected text to include ${JSON.stringify(expected)}: ${
      JSON.stringify(actual.slice(0, 2000))
    }`,
  );
}

/** Fails unless `actual` matches the pattern. */
export function assertMatch(actual: string, expected: RegExp): void {
  nodeAssert.match(actual, expected);
}

/** Fails unless `fn` throws a `Class` whose message contains `part`. */
export function assertThrows<E extends Error>(
  fn: () => unknown,
  // deno-lint-ignore no-explicit-any -- a constructor of any signature
  Class: new (...args: any[]) => E,
  part = "",
): E {
  try {
    fn();
  } catch (error) {
    nodeAssert.ok(
      error instanceof Class,
      `Expected ${Class.name}: got ${error}`,
    );
    assertStringIncludes(error.message, part);
    return error;
  }
  throw new nodeAssert.AssertionError({
    message: `Expected ${Class.name} to be thrown`,
  });
}

/** Whether a promise is rejected with an error of a class, and says so. */
export async function assertRejects<E extends Error>(
  run: () => Promise<unknown>,
  // deno-lint-ignore no-explicit-any
  type: new (...args: any[]) => E,
  message = "",
): Promise<E> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof type)) throw error;
    assertStringIncludes(error.message, message);
    return error;
  }
  throw new Error(`Not rejected with ${type.name}`);
}
