import { assert, assertEquals } from "@std/assert";
import { asked } from "./fake_threads.ts";
import { played, statusOf } from "./played.ts";

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
