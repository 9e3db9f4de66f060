import { assert, assertEquals } from "@std/assert";
import { asked } from "./fake_threads.ts";
import { played, statusOf } from "./played.ts";

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
