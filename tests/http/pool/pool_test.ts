import { assert, assertEquals } from "@std/assert";
import { Pool } from "../../../routes/pool/pool.ts";
import type { StartThread } from "../../../routes/pool/thread.ts";
import { asked, fakeThreads } from "./fake_threads.ts";
import { ask, options, played, statusOf, withErrors } from "./played_pool.ts";

Deno.test("a worker computes one request at a time, in their order", async () => {
  const { pool, worker } = played({ workers: 1 });
  const [one, two] = [pool.run(asked("/1")), pool.run(asked("/2"))];
  const { runs } = worker(0);
  assertEquals(runs, ["/1"]);
  worker(0).answers("/1");
  assertEquals(worker(0).runs, ["/1", "/2"]);
  worker(0).answers("/2", 404);
  assertEquals(await statusOf(one), 200);
  assertEquals(await statusOf(two), 404);
});

Deno.test("another worker starts where requests wait, and ends when there are none", () => {
  const { pool, clock, threads, worker } = played({ workers: 2, idleMs: 1000 });
  void pool.run(asked("/1"));
  void pool.run(asked("/2"));
  assertEquals(threads.length, 1);
  clock.pass(1000);
  worker(1);
  assertEquals(threads[1]?.runs, ["/2"]);
  void pool.run(asked("/3"));
  clock.pass(1000);
  assertEquals(threads.length, 2);
  worker(0).answers("/1");
  worker(1).answers("/2");
  worker(0).answers("/3");
  clock.pass(2000);
  assertEquals(threads.map(({ isEnded }) => isEnded), [false, true]);
});

Deno.test("a request that computes for too long ends with its worker, which is replaced", async () => {
  const { pool, clock, compute, threads, worker } = played({ busyMs: 2000 });
  const endless = pool.run(asked("/endless"));
  compute(1900);
  assert(!worker(0).isEnded);
  compute(200);
  assertEquals((await endless).kind, "too long");
  assert(worker(0).isEnded);
  const next = pool.run(asked("/next"));
  worker(1).answers("/next");
  assertEquals(await statusOf(next), 200);
  assertEquals(threads.length, 2);
  clock.pass(60_000);
});

Deno.test("what the machine gives to others is not counted against a request", async () => {
  const { pool, clock, worker } = played({ busyMs: 2000 });
  const slow = pool.run(asked("/slow"));
  // A minute of the clock in which the process has not computed.
  clock.pass(60_000);
  assert(!worker(0).isEnded);
  worker(0).answers("/slow");
  assertEquals(await statusOf(slow), 200);
});

Deno.test("the time of two that compute is shared out", () => {
  const { pool, clock, compute, worker } = played({
    workers: 2,
    busyMs: 2000,
  });
  void pool.run(asked("/1"));
  void pool.run(asked("/2"));
  clock.pass(100);
  worker(1);
  compute(3000);
  assert(!worker(0).isEnded && !worker(1).isEnded);
  compute(1500);
  assert(worker(0).isEnded && worker(1).isEnded);
  clock.pass(60_000);
});

Deno.test("more requests than may wait are refused at once", async () => {
  const { pool, clock } = played({ workers: 1, queue: 2 });
  for (const path of ["/running", "/1", "/2"]) void pool.run(asked(path));
  assertEquals((await pool.run(asked("/3"))).kind, "full");
  const large = played({ workers: 1, queueBytes: 1000 });
  void large.pool.run(asked("/running"));
  const body = new Uint8Array(1000);
  const outcome = large.pool.run(asked("/large", { body }));
  assertEquals((await outcome).kind, "full");
  clock.pass(60_000);
});

Deno.test("a request does not wait for longer than is allowed", async () => {
  const { pool, clock } = played({ workers: 1, queueMs: 5000 });
  void pool.run(asked("/running"));
  const waits = pool.run(asked("/waits"));
  clock.pass(5000);
  assertEquals((await waits).kind, "full");
});

Deno.test("a client that leaves gives its place in the queue back", async () => {
  const { pool, worker } = played({ workers: 1, queue: 1 });
  void pool.run(asked("/running"));
  const leaver = new AbortController();
  const waits = pool.run(asked("/waits"), leaver.signal);
  assertEquals((await pool.run(asked("/more"))).kind, "full");
  leaver.abort();
  assertEquals((await waits).kind, "left");
  const next = pool.run(asked("/next"));
  worker(0).answers("/running");
  worker(0).answers("/next");
  assertEquals(await statusOf(next), 200);
  assertEquals(worker(0).runs, ["/running", "/next"]);
});

Deno.test("what is computed for a client that has left ends after a moment", async () => {
  const { pool, clock, threads, worker } = played({ graceMs: 300 });
  const leaver = new AbortController();
  const left = pool.run(asked("/long"), leaver.signal);
  leaver.abort();
  assertEquals((await left).kind, "left");
  clock.pass(299);
  assert(!worker(0).isEnded);
  clock.pass(1);
  assert(worker(0).isEnded);
  assertEquals(threads.length, 2);

  const quick = new AbortController();
  void pool.run(asked("/quick"), quick.signal);
  worker(1);
  quick.abort();
  worker(1).answers("/quick");
  clock.pass(60_000);
  assert(!worker(1).isEnded, "it was done in time");
});

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

Deno.test("who has used least comes first", () => {
  const { pool, worker } = played({ workers: 1 }, {
    spentBy: (client) => client === "greedy" ? 1000 : 0,
  });
  void pool.run(asked("/running"));
  void pool.run(asked("/greedy", { client: "greedy" }));
  void pool.run(asked("/modest", { client: "modest" }));
  worker(0).answers("/running");
  worker(0).answers("/modest");
  assertEquals(worker(0).runs, ["/running", "/modest", "/greedy"]);
});

Deno.test("what a request has cost is told, whatever came of it", () => {
  const spent: [string, number][] = [];
  const { pool, compute, worker, clock } = played({ busyMs: 1000 }, {
    onSpent: (client, milliseconds) => spent.push([client, milliseconds]),
  });
  void pool.run(asked("/cheap", { client: "one" }));
  compute(300);
  worker(0).answers("/cheap");
  void pool.run(asked("/endless", { client: "two" }));
  compute(1000);
  assertEquals(spent, [["one", 300], ["two", 1000]]);
  clock.pass(60_000);
});

Deno.test("close() ends the workers, and nobody waits for ever", async () => {
  const { pool, worker } = played({ workers: 1 });
  const all = ["/1", "/2"].map((path) => pool.run(asked(path)));
  pool.close();
  assertEquals((await Promise.all(all)).map(({ kind }) => kind), [
    "left",
    "left",
  ]);
  assert(worker(0).isEnded);
});
