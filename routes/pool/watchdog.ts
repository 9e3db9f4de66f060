import { runWithin } from "../../hub/time_limit.ts";

/**
 * Runs work and everything that it leaves to be done at once (the jobs of its
 * promises), and stops it when that takes too long.
 *
 * `Worker.terminate()` alone does not do that: Deno 2.9 waits for the thread's
 * event loop, which an endless loop never comes back to
 * (https://github.com/denoland/deno/pull/35657). A time limit of `node:vm` does
 * interrupt it, but ends before promises are served; serving them inside of it
 * needs a function of the runtime's own. Where a runtime has none, only what runs
 * before the first promise is watched.
 *
 * It must be called from a task of the event loop, not from a promise's job.
 *
 * @returns False when the work was stopped.
 */
export function watched(work: () => void, milliseconds: number): boolean {
  return runWithin(milliseconds, () => {
    work();
    drain()?.();
  });
}

/** Whether promises are served inside of {@linkcode watched}. */
export const watchesPromises: boolean = typeof drain() === "function";

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
