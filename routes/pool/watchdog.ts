import { Script } from "node:vm";

/**
 * Runs work and everything that it leaves to be done at once (the jobs of its
 * promises), and stops it when that takes too long, wherever it is: in a loop, a
 * regular expression, a sort.
 *
 * `Worker.terminate()` alone does not do that: Deno 2.9 waits for the thread's
 * event loop, which an endless loop never comes back to
 * (https://github.com/denoland/deno/pull/35657). The time limit of `node:vm`
 * does interrupt it, but ends before promises are served; draining them inside
 * of the script needs a function of the runtime's own. Where a runtime has none,
 * only what runs before the first promise is watched.
 *
 * It must be called from a task of the event loop, not from a promise's job.
 *
 * @returns False when the work was stopped.
 */
export function watched(work: () => void, milliseconds: number): boolean {
  turn = work;
  try {
    script.runInThisContext({ timeout: milliseconds });
    return true;
  } catch (error) {
    if (isTimeout(error)) return false;
    throw error;
  }
}

/** Whether promises are served inside of {@linkcode watched}. */
export const watchesPromises: boolean = typeof drain() === "function";

/** The name under which the script finds what it runs. */
const TURN = "__headroomTurn";
const script = new Script(`${TURN}()`);
let turn: () => void = () => {};

Object.defineProperty(globalThis, TURN, {
  value: () => {
    turn();
    drain()?.();
  },
});

/** The runtime's own way to serve all promises, where it can be reached. */
function drain(): (() => void) | undefined {
  const runtime = Deno as unknown as
    & Record<
      symbol,
      { core?: { runMicrotasks?: () => void } } | undefined
    >
    & { internal?: symbol };
  return runtime.internal && runtime[runtime.internal]?.core?.runMicrotasks;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
