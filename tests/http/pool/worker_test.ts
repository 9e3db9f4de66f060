import { assert, assertEquals, assertMatch } from "@std/assert";
import process from "node:process";
import { CLOCK } from "../../../hub/look_up_places.ts";
import type { LookUps } from "../../../hub/look_up.ts";
import { DEFAULT_TABLES } from "../../../lib/ask/tables/config.ts";
import type { Model } from "../../../lib/mod.ts";
import type { Outcome } from "../../../routes/pool/job.ts";
import type { PoolLimits } from "../../../routes/pool/limits.ts";
import { poolLimits } from "../../../routes/pool/limits.ts";
import type { FromWorker, SentRequest } from "../../../routes/pool/messages.ts";
import { Pool } from "../../../routes/pool/pool.ts";
import { threadsOf } from "../../../routes/pool/thread.ts";
import { asked } from "./fake_threads.ts";

const FAKE = new URL("fake_worker.ts", import.meta.url);
const REAL = new URL("../../../routes/pool/worker.ts", import.meta.url);
/** A deadline that only what goes on for ever reaches. */
const PATIENT = 600_000;

/** What a worker can be brought to compute for ever. */
const ENDLESS = [
  "/loop",
  "/loop-later",
  "/loop-of-promises",
  "/loop-of-timer",
  "/backtracking",
];

Deno.test("a request goes to a worker and its answer comes back whole", async () => {
  await using served = started(FAKE);
  const body = new TextEncoder().encode("größer");
  const answer = answered(
    await served.run(asked("/echo?a=%F0", { method: "PUT", body })),
  );
  assertEquals(answer.text, "PUT http://localhost/echo?a=%F0 größer");
  assert(
    answer.headers.some(([name, value]) =>
      name === "x-own" && value === "kept"
    ),
  );
  assertEquals(answered(await served.run(asked("/none"))).status, 404);
});

Deno.test("a request of any method and address reaches the application", async () => {
  await using served = started(REAL);
  const trace = await served.run(asked("/", { method: "TRACE" }));
  assertEquals(answered(trace).status, 405);
  const host = await served.run(asked("/", { url: "http://a b/?x" }));
  assertEquals(answered(host).status, 400);
});

Deno.test("the watchdog stops whatever is computed for ever", async () => {
  for (const path of ENDLESS) {
    const events: FromWorker[] = [];
    const stopped = Promise.withResolvers<void>();
    const ready = Promise.withResolvers<void>();
    const start = threadsOf(FAKE, {
      hasHub: false,
      tables: DEFAULT_TABLES,
      watchdogMs: 50,
    }, { heapMebibytes: 128 });
    const thread = start({
      onMessage(message) {
        events.push(message);
        if (message.kind === "ready") ready.resolve();
        if (message.kind === "stopped") stopped.resolve();
      },
      onEnd: (reason) => stopped.reject(new Error(reason)),
    });
    await ready.promise;
    thread.post({ kind: "run", job: 1, request: asked(path) });
    await stopped.promise;
    assertEquals(events.map(({ kind }) => kind), ["ready", "stopped"], path);
    thread.end();
  }
});

Deno.test("the pool ends a request at its deadline and goes on with others", async () => {
  await using served = started(FAKE, { busyMs: 200, watchdogMs: 1000 });
  assertEquals((await served.run(asked("/loop-later"))).kind, "too long");
  const next = answered(await served.run(asked("/echo")));
  assertEquals(next.status, 200);
});

Deno.test("a request that fills the memory ends alone", async () => {
  await using served = started(FAKE, {
    heapMebibytes: 64,
    busyMs: PATIENT,
    // Should the limit not hold, this machine's memory is not to be filled.
    watchdogMs: 10_000,
  });
  const { error } = console;
  const said: unknown[] = [];
  console.error = (what: unknown) => said.push(what);
  try {
    assertEquals((await served.run(asked("/hungry"))).kind, "broken");
  } finally {
    console.error = error;
  }
  assertMatch(String(said[0]), /memory/);
  assertEquals(answered(await served.run(asked("/echo"))).status, 200);
});

Deno.test("requests of one worker wait for the Hub beside one another", async () => {
  const open = Promise.withResolvers<void>();
  let waiting = 0;
  const all = Promise.withResolvers<void>();
  await using served = started(FAKE, { workers: 1 }, {
    async ask(name) {
      if (++waiting === 3) all.resolve();
      await open.promise;
      return {
        name,
        headers: false,
        done: 0,
        total: null,
        result: { ok: true, value: { name } as Model },
      };
    },
  });
  const hub = [1, 2, 3].map(() => served.run(asked("/hub")));
  await all.promise;
  assertEquals(answered(await served.run(asked("/echo"))).status, 200);
  open.resolve();
  for (const outcome of await Promise.all(hub)) {
    assertEquals(answered(outcome).text, "a/b");
  }
});

Deno.test("what throws is answered, and nobody else notices", async () => {
  await using served = started(FAKE);
  const { status } = answered(await served.run(asked("/throws")));
  assertEquals(status, 500);
  assertEquals(answered(await served.run(asked("/echo"))).status, 200);
});

interface Started extends AsyncDisposable {
  run(request: SentRequest): Promise<Outcome>;
}

/** A pool of workers that run a script. */
function started(
  script: URL,
  limits: Partial<PoolLimits> = {},
  lookUps: LookUps | null = null,
): Started {
  const all = { ...poolLimits(2), ...limits };
  const timers = new Set<() => void>();
  const start = threadsOf(script, {
    hasHub: lookUps !== null,
    tables: DEFAULT_TABLES,
    watchdogMs: all.watchdogMs,
  }, all);
  const pool = new Pool({
    start,
    instead: start,
    limits: all,
    lookUps,
    processMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
    clock: {
      now: () => CLOCK.now(),
      after(milliseconds, run) {
        const callOff = CLOCK.after(milliseconds, () => {
          timers.delete(callOff);
          run();
        });
        timers.add(callOff);
        return () => {
          timers.delete(callOff);
          callOff();
        };
      },
    },
  });
  return {
    run: (request) => pool.run(request),
    [Symbol.asyncDispose]() {
      pool.close();
      for (const callOff of timers) callOff();
      return Promise.resolve();
    },
  };
}

function answered(outcome: Outcome) {
  assert(outcome.kind === "answered", `it is ${outcome.kind}`);
  const { status, headers, body } = outcome.answer;
  const text = new TextDecoder().decode(body ?? new Uint8Array());
  return { status, headers, text };
}
