import { assert, assertEquals } from "@std/assert";
import { Pool } from "../../../routes/pool/pool.ts";
import type { StartThread } from "../../../routes/pool/thread.ts";
import { asked, fakeThreads } from "./fake_threads.ts";
import { ask, options, played, statusOf } from "./played.ts";

Deno.test("requests that waited in a worker that ended are run again", async () => {
  const { pool, compute, clock, hub, worker } = played({
    workers: 1,
    busyMs: 1000,
  });
  const waits = pool.run(asked("/hub"));
  const job = worker(0).jobOf("/hub");
  worker(0).says(ask(job, "a/b"));
  worker(0).says({ kind: "waiting", job });
  const endless = pool.run(asked("/endless"));
  compute(1100);
  assertEquals((await endless).kind, "too long");
  assertEquals(hub.stopped, ["a/b"]);
  worker(1).answers("/hub");
  assertEquals(await statusOf(waits), 200);
  clock.pass(60_000);
});

Deno.test("a request under which workers end again and again is given up", async () => {
  const { pool, compute, worker, clock } = played({
    workers: 1,
    busyMs: 1000,
    losses: 2,
  });
  const unlucky = pool.run(asked("/hub"));
  for (let at = 0; at < 2; at++) {
    const job = worker(at).jobOf("/hub");
    worker(at).says(ask(job, "a/b"));
    worker(at).says({ kind: "waiting", job });
    void pool.run(asked(`/endless${at}`));
    compute(1100);
    // The watchdog of the one that was ended has come.
    clock.pass(5000);
  }
  assertEquals((await unlucky).kind, "broken");
  clock.pass(60_000);
});

Deno.test("a worker that breaks takes its request with it, and is replaced", async () => {
  const errors: unknown[] = [];
  const { pool, worker, clock } = played({});
  const hungry = pool.run(asked("/hungry"));
  withErrors(errors, () => worker(0).breaks("heap out of memory"));
  assertEquals((await hungry).kind, "broken");
  assertEquals(errors, ["A worker ended: heap out of memory"]);
  const next = pool.run(asked("/next"));
  worker(1).answers("/next");
  assertEquals(await statusOf(next), 200);
  clock.pass(60_000);
});

Deno.test("a worker that stops by itself is replaced", async () => {
  const { pool, worker, clock } = played({});
  const endless = pool.run(asked("/endless"));
  worker(0).says({ kind: "stopped" });
  assertEquals((await endless).kind, "too long");
  assert(worker(0).isEnded);
  worker(1);
  clock.pass(60_000);
});

Deno.test("where no worker can be had something else stands in for it", async () => {
  const failures: [name: string, start: StartThread][] = [
    ["Requires read access", (events) => {
      queueMicrotask(() => events.onEnd("Requires read access"));
      return { post: () => {}, end: () => {} };
    }],
    ["Worker is not defined", () => {
      throw new ReferenceError("Worker is not defined");
    }],
  ];
  for (const [reason, start] of failures) {
    const { start: instead, threads } = fakeThreads();
    const errors: unknown[] = [];
    const { error } = console;
    console.error = (what: unknown) => errors.push(what);
    try {
      const pool = new Pool({ ...options({ workers: 4 }), start, instead });
      const early = pool.run(asked("/early"));
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      threads[0]?.says({ kind: "ready" });
      threads[0]?.answers("/early");
      assertEquals(await statusOf(early), 200);
      assertEquals(errors, [`Requests are computed in one thread: ${reason}`]);
    } finally {
      console.error = error;
    }
  }
});

Deno.test("where not even that can be had requests are refused", async () => {
  const { error } = console;
  const errors: unknown[] = [];
  console.error = (what: unknown) => errors.push(what);
  const start = (): never => {
    throw new ReferenceError("nothing is defined");
  };
  try {
    const pool = new Pool({ ...options({}), start, instead: start });
    assertEquals((await pool.run(asked("/"))).kind, "broken");
    assertEquals(
      errors.at(-1),
      "Nothing can be computed here: nothing is defined",
    );
  } finally {
    console.error = error;
  }
});

function withErrors<T>(errors: unknown[], run: () => T): T {
  const { error } = console;
  console.error = (what: unknown) => errors.push(what);
  try {
    return run();
  } finally {
    console.error = error;
  }
}
