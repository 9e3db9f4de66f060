import { Script } from "node:vm";

/** The name under which the script finds what it runs. */
const WORK = "__headroomWork";
const script = new Script(`${WORK}()`);
let next: () => void = () => {};

Object.defineProperty(globalThis, WORK, { value: () => next() });

/**
 * Runs work, and stops it when that takes too long, wherever it is: in a loop, a
 * regular expression, a sort. What it leaves to promises is not watched.
 *
 * @returns False when the work was stopped.
 */
export function runWithin(milliseconds: number, work: () => void): boolean {
  next = work;
  try {
    script.runInThisContext({ timeout: milliseconds });
    return true;
  } catch (error) {
    const isLate = error instanceof Error && "code" in error &&
      error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
    if (isLate) return false;
    throw error;
  }
}
