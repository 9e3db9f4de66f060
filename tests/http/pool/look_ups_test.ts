import { assert, assertEquals } from "@std/assert";
import { asked } from "./fake_threads.ts";
import { ask, played, statusOf } from "./played.ts";

Deno.test("a request that waits for the Hub holds no place and spends no time", async () => {
  const { pool, compute, hub, worker } = played({ workers: 1, busyMs: 1000 });
  const waits = pool.run(asked("/hub", { client: "somebody" }));
  const job = worker(0).jobOf("/hub");
  worker(0).says(ask(job, "a/b"));
  worker(0).says({ kind: "waiting", job });
  assertEquals(hub.asked, ["a/b for somebody"]);
  const other = pool.run(asked("/other"));
  assertEquals(worker(0).runs, ["/hub", "/other"]);
  compute(900);
  await hub.answers("a/b");
  assert(!worker(0).told.some(({ kind }) => kind === "found"), "not its turn");
  worker(0).answers("/other");
  const found = worker(0).told.at(-1);
  assert(found?.kind === "found");
  assertEquals(found.lookUp?.name, "a/b");
  compute(900);
  assert(!worker(0).isEnded, "the time of the other counts for it");
  worker(0).answers("/hub");
  assertEquals(await statusOf(waits), 200);
  assertEquals(await statusOf(other), 200);
});

Deno.test("a look-up is stopped when the client who waits for it leaves", async () => {
  const { pool, hub, worker } = played({});
  const leaver = new AbortController();
  const left = pool.run(asked("/hub"), leaver.signal);
  const job = worker(0).jobOf("/hub");
  worker(0).says(ask(job, "a/b"));
  worker(0).says({ kind: "waiting", job });
  leaver.abort();
  assertEquals((await left).kind, "left");
  assertEquals(hub.stopped, ["a/b"]);
  assertEquals(worker(0).told.at(-1), { kind: "leave", job });
});

Deno.test("a look-up counts for the client who has asked for it", () => {
  const spent: [string, number][] = [];
  const { pool, worker } = played({}, {
    onSpent: (client, milliseconds) => spent.push([client, milliseconds]),
  });
  void pool.run(asked("/hub", { client: "one" }));
  worker(0).says(ask(worker(0).jobOf("/hub"), "a/b"));
  assertEquals(spent, [["one", 100]]);
});
