import { assert } from "@std/assert";
import { CALLER } from "../../../hub/caller.ts";
import type { LookUp, LookUps } from "../../../hub/look_up.ts";
import type { Outcome } from "../../../routes/pool/job.ts";
import type { PoolLimits } from "../../../routes/pool/limits.ts";
import { poolLimits } from "../../../routes/pool/limits.ts";
import type { PoolOptions } from "../../../routes/pool/pool.ts";
import { Pool } from "../../../routes/pool/pool.ts";
import { fakeClock } from "../../hub/fake_clock.ts";
import type { FakeThread } from "./fake_threads.ts";
import { fakeThreads } from "./fake_threads.ts";

/** A pool of fake workers, its clock, its processor time and its Hub. */
export function played(
  limits: Partial<PoolLimits>,
  more: Partial<PoolOptions> = {},
) {
  const { start, threads } = fakeThreads();
  const made = options(limits);
  const pool = new Pool({
    ...made,
    start,
    instead: start,
    lookUps: made.hub,
    ...more,
  });
  const ready = new Set<FakeThread>();
  /** The worker at a place, which has started. */
  const worker = (at: number): FakeThread => {
    const thread = threads[at];
    assert(thread, `no worker ${at} has been started`);
    if (!ready.has(thread)) thread.says({ kind: "ready" });
    ready.add(thread);
    return thread;
  };
  worker(0);
  return { ...made, pool, threads, worker };
}

export function options(limits: Partial<PoolLimits>) {
  const clock = fakeClock();
  const hub = fakeHub();
  let processMs = 0;
  return {
    clock,
    hub,
    lookUps: null as LookUps | null,
    limits: { ...poolLimits(2), ...limits },
    processMs: () => processMs,
    /** The process computes for so long, and the clock goes on with it. */
    compute(milliseconds: number): void {
      for (let at = 0; at < milliseconds; at += 50) {
        processMs += 50;
        clock.pass(50);
      }
    },
  };
}

/** Look-ups that answer when they are told to. */
function fakeHub() {
  const asked: string[] = [];
  const stopped: string[] = [];
  const open = new Map<string, (lookUp: LookUp) => void>();
  return {
    asked,
    stopped,
    ask(name: string): Promise<LookUp | null> {
      const { client, signal, onLookUp } = CALLER.getStore() ?? {};
      onLookUp?.();
      asked.push(client ? `${name} for ${client}` : name);
      signal?.addEventListener("abort", () => stopped.push(name));
      const { promise, resolve } = Promise.withResolvers<LookUp | null>();
      open.set(name, resolve);
      return promise;
    },
    async answers(name: string): Promise<void> {
      open.get(name)?.({
        name,
        headers: false,
        done: 0,
        total: null,
        result: null,
      });
      // The pool hears of it in a few turns of promises.
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    },
  };
}

export function ask(job: number, name: string) {
  return {
    kind: "ask",
    job,
    ask: 1,
    name,
    options: { lookUp: "once", waitMs: null },
  } as const;
}

export async function statusOf(outcome: Promise<Outcome>): Promise<number> {
  const come = await outcome;
  assert(come.kind === "answered", `it is ${come.kind}`);
  return come.answer.status;
}
