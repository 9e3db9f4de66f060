import { assert } from "@std/assert";

/** Fails, and says what came instead, unless a result is a value. */
export function assertOk<T extends { readonly ok: boolean }>(
  result: T,
  of = "",
): asserts result is Extract<T, { readonly ok: true }> {
  // Only what fails is written out: a model or an estimate is long.
  assert(result.ok, result.ok ? "" : `${of}${JSON.stringify(result)}`);
}

/** Fails, and says why, unless a step or its plan is one that is played. */
export function assertPlayed<T extends object>(
  answer: T,
  of = "",
): asserts answer is Exclude<T, { readonly reason: string }> {
  assert(
    !("reason" in answer),
    "reason" in answer ? `${of}${answer.reason}` : "",
  );
}
