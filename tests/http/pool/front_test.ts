import { assert, assertEquals, assertMatch } from "@std/assert";
import { Bodies } from "../../../routes/body.ts";
import { Budget } from "../../../routes/pool/budget.ts";
import type { FrontOptions } from "../../../routes/pool/front.ts";
import { createFront } from "../../../routes/pool/front.ts";
import type { Outcome } from "../../../routes/pool/job.ts";
import type { SentRequest } from "../../../routes/pool/messages.ts";
import { Quick } from "../../../routes/pool/quick.ts";
import { STATIC } from "../../../static/mod.ts";
import { fakeClock } from "../../hub/fake_clock.ts";

const MEBIBYTE = 1024 * 1024;
const SAID: Outcome = {
  kind: "answered",
  answer: { status: 200, headers: [["x-own", "kept"]], body: null },
};

Deno.test("what needs no computing is answered without a worker", async () => {
  const { ask, ran } = played({ outcome: { kind: "full" } });
  const health = await ask("/healthz");
  assertEquals([health.status, await health.text()], [200, "ok"]);
  for (const { address } of Object.values(STATIC)) {
    const { status, headers } = await ask(address);
    assertEquals(status, 200);
    assert(headers.has("content-security-policy"));
  }
  assertEquals((await ask("/healthz", { method: "HEAD" })).status, 200);
  assertEquals(ran, []);
});

Deno.test("everything else goes to a worker, and its answer is not touched", async () => {
  const { ask, ran } = played({});
  const response = await ask("/answer?model=gpt2", {
    method: "POST",
    body: "größer",
    headers: { accept: "text/html" },
  });
  assertEquals(response.headers.get("x-own"), "kept");
  const [sent] = ran;
  assertEquals(sent?.method, "POST");
  assertEquals(sent?.url, "http://localhost/answer?model=gpt2");
  assertEquals(new TextDecoder().decode(sent?.body ?? undefined), "größer");
  assert(sent?.headers.some(([name]) => name === "accept"));
  assertEquals(sent?.client, "203.0.113.7");
  for (const path of ["/static/none", "/healthz/x", "/nowhere"]) {
    await ask(path);
  }
  await ask("/healthz", { method: "DELETE" });
  assertEquals(ran.length, 5);
});

Deno.test("what cannot be answered now is 503 with Retry-After, in each one's shape", async () => {
  for (const kind of ["full", "too long", "broken"] as const) {
    const { ask } = played({ outcome: { kind } });
    const api = await ask("/api/v1/estimate?model=gpt2");
    assertEquals(api.status, 503);
    assertMatch(api.headers.get("retry-after") ?? "", /^\d+$/);
    assertEquals(api.headers.get("cache-control"), "no-store");
    const { error } = await api.json();
    assertEquals(Object.keys(error).sort(), ["message", "path"]);
    const page = await ask("/?model=gpt2");
    assertEquals(page.status, 503);
    assert(page.headers.has("content-security-policy"));
    assertMatch(await page.text(), /^<!DOCTYPE html>/i);
    const live = await ask("/answer", { headers: { "HX-Request": "true" } });
    assertMatch(await live.text(), /^<section/);
  }
});

Deno.test("a client over its share hears when to come back; others do not notice", async () => {
  const { ask, used, clock, ran } = played({});
  used.charge("203.0.113.7", 20_000);
  for (const path of ["/largest?model=gpt2", "/api/v1/compare", "/"]) {
    const response = await ask(path);
    assertEquals(response.status, 429);
    const seconds = Number(response.headers.get("retry-after"));
    assert(seconds > 0 && seconds < 60);
    await response.body?.cancel();
  }
  assertEquals(ran, []);
  assertEquals((await ask("/healthz")).status, 200);
  assertEquals((await ask("/", {}, "198.51.100.1")).status, 200);
  clock.pass(60_000);
  assertEquals((await ask("/")).status, 200);
});

Deno.test("addresses that ask for many estimates cost something each time", async () => {
  const { ask, used } = played({});
  await ask("/answer?model=gpt2");
  assertEquals(used.spentBy("203.0.113.7"), 0);
  const paths = [
    "/largest?model=gpt2",
    "/compare?add=gpt2",
    "/api/v1/largest",
    "/api/v1/compare",
    "/api/v1/strategies",
    "/mcp",
  ];
  for (const path of paths) await ask(path);
  assert(used.spentBy("203.0.113.7") >= 100 * paths.length);
});

Deno.test("the share of a client is no limit where that is switched off", async () => {
  const { ask } = played({ budget: null });
  for (let request = 0; request < 300; request++) {
    assertEquals((await ask("/largest?model=gpt2")).status, 200);
  }
});

Deno.test("a proxy is believed only where that is switched on", async () => {
  const headers = { "x-forwarded-for": "198.51.100.9" };
  for (const trustsProxy of [false, true]) {
    const { ask, ran } = played({ trustsProxy });
    await ask("/", { headers });
    const client = trustsProxy ? "198.51.100.9" : "203.0.113.7";
    assertEquals(ran[0]?.client, client);
  }
});

Deno.test("of a body that is too large a worker gets what shows that", async () => {
  const { ask, ran } = played({});
  const stated = String(9 * MEBIBYTE);
  await ask("/import", {
    method: "POST",
    body: new Uint8Array(9 * MEBIBYTE),
    headers: { "content-length": stated },
  });
  const [large] = ran;
  assertEquals(large?.body?.length, 1);
  assert(
    large?.headers.some(([name, value]) =>
      name === "content-length" && value === stated
    ),
  );
  await ask("/import", { method: "POST", body: parts(20, MEBIBYTE) });
  const size = ran[1]?.body?.length ?? 0;
  assert(size > 8 * MEBIBYTE && size <= 9 * MEBIBYTE, `${size} bytes`);
});

Deno.test("a body that breaks off, trickles in or comes with too many is refused", async () => {
  const broken = new ReadableStream({
    pull: (controller) => controller.error(new TypeError("connection closed")),
  });
  const { ask, clock, ran } = played({}, 2 * MEBIBYTE);
  const post = (body: ReadableStream): Promise<Response> =>
    ask("/api/v1/estimate", { method: "POST", body });
  assertEquals((await post(broken)).status, 400);
  const slow = post(new ReadableStream());
  const large = await post(parts(3, MEBIBYTE));
  assertEquals(large.status, 503);
  assertEquals((await post(parts(1, MEBIBYTE))).status, 200);
  clock.pass(10_000);
  assertEquals((await slow).status, 408);
  assertEquals(ran.length, 1);
});

Deno.test("what was wrong with a body that somebody else has read is told", async () => {
  const { front, ran } = played({});
  const response = await front(
    new Request("http://localhost/api/v1/estimate"),
    {
      remoteAddr: { transport: "tcp", hostname: "203.0.113.7", port: 4711 },
      problem: { status: 408, message: "The body must be sent in time" },
    },
  );
  assertEquals(response.status, 408);
  assertEquals((await response.json()).error, {
    path: "",
    message: "The body must be sent in time",
  });
  assertEquals(ran, []);
});

/** A front before workers that all say the same. */
function played(
  { outcome = SAID, ...options }:
    & { outcome?: Outcome }
    & Partial<FrontOptions>,
  maxAllBytes?: number,
) {
  const clock = fakeClock();
  const used = new Budget(
    { burstMs: 10_000, refillMs: 500, freeMs: 100, clients: 100 },
    clock,
  );
  const ran: SentRequest[] = [];
  const front = createFront({
    pool: {
      run(request: SentRequest) {
        ran.push(request);
        return Promise.resolve(outcome);
      },
    },
    quick: new Quick(),
    bodies: new Bodies(clock, maxAllBytes === undefined ? {} : { maxAllBytes }),
    limits: { busyMs: 2000 },
    budget: used,
    trustsProxy: false,
    ...options,
  });
  const ask = (
    path: string,
    init: RequestInit = {},
    hostname = "203.0.113.7",
  ): Promise<Response> =>
    front(new Request(new URL(path, "http://localhost"), init), {
      remoteAddr: { transport: "tcp", hostname, port: 4711 },
    });
  return { front, ask, ran, used, clock };
}

/** A body without a stated length. */
function parts(count: number, bytes: number): ReadableStream {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent++ < count) controller.enqueue(new Uint8Array(bytes));
      else controller.close();
    },
  });
}
