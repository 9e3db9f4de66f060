/**
 * What stays in memory after many requests of any kind, in one process:
 *
 *     deno run -A --v8-flags=--expose-gc bench/memory.ts [requests] [seed]
 *
 * Prints the heap after a collection and the process's resident memory, every
 * twentieth of the way. A flat line keeps nothing.
 */
import fc from "../tests/npm/fast-check.ts";
import { app } from "../app.ts";
import { keeping } from "../routes/keeping.ts";
import { KeptAnswers } from "../routes/kept_answers.ts";
import { addresses } from "../tests/http/requests.ts";
import type { Asked } from "../tests/http/fuzz/requests.ts";
import { requestsOf } from "../tests/http/fuzz/requests.ts";

/** Requests that are made up at once. */
const AT_ONCE = 200;
/** Asks for whole estimates by the dozen. */
const SLOW = /largest$/;

const [count = "200000", seed = "1"] = Deno.args;
const kept = new KeptAnswers();
const fetch = keeping(app.fetch, kept);
const collect = (globalThis as { gc?: () => void }).gc;
if (!collect) throw new Error("Start with --v8-flags=--expose-gc");

const anyRequest = fc.oneof(
  ...addresses().filter(({ path }) =>
    !SLOW.test(path) && !path.startsWith("/static/")
  ).flatMap(({ path, methods }) =>
    methods.map((method) => requestsOf(method, path))
  ),
);

const statuses = new Map<number, number>();
const began = performance.now();
const total = Number(count);
const step = Math.max(AT_ONCE, Math.round(total / 20 / AT_ONCE) * AT_ONCE);
await show(0);
for (let done = 0; done < total;) {
  const wanted = fc.sample(anyRequest, {
    numRuns: AT_ONCE,
    seed: Number(seed) + done,
  });
  for (const asked of wanted) await ask(asked);
  done += AT_ONCE;
  if (done % step === 0) await show(done);
}
console.log(Object.fromEntries([...statuses].sort()));

async function ask(
  { method, address, headers, body }: Asked,
): Promise<void> {
  const response = await fetch(
    new Request(`http://127.0.0.1${address}`, { method, headers, body }),
  );
  await response.arrayBuffer();
  statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
}

async function show(done: number): Promise<void> {
  // What is finalized, such as a file of a form, goes in a turn of its own.
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((next) => setTimeout(next));
    collect?.();
  }
  const { heapUsed, heapTotal, external, rss } = Deno.memoryUsage();
  const [used, whole, outside, resident] = [heapUsed, heapTotal, external, rss]
    .map((bytes) => (bytes / 1024 ** 2).toFixed(1).padStart(7));
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(
    `${String(done).padStart(7)} requests, ${
      seconds.padStart(4)
    } s, MiB: heap ${used} of ${whole}, outside ${outside}, resident ${resident}; kept ${kept.size.entries} answers, ${
      (kept.size.bytes / 1024 ** 2).toFixed(1)
    }`,
  );
}
