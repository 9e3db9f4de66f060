import { assert, assertEquals } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { Hono } from "hono";
import { app, createApp } from "../../app.ts";
import type { Hub } from "../../hub/mod.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { ofAddress } from "../../routes/caching.ts";
import { KeptAnswers } from "../../routes/kept_answers.ts";
import { keeping } from "../../routes/keeping.ts";
import { send } from "../../routes/send.ts";

/** An application that counts what it answers itself. */
function counting(kept: KeptAnswers, bytes: number) {
  const asked: string[] = [];
  const answering = new Hono().use(send).get("/kept", (c) => {
    asked.push(c.req.url);
    ofAddress(c);
    return c.text("x".repeat(bytes));
  }).get("/other", (c) => {
    asked.push(c.req.url);
    return c.text("x".repeat(bytes));
  });
  return { counted: requester(answering.fetch, kept), asked };
}

/** Asks as `app.request` does, through what is kept. */
function requester(
  fetch: (request: Request) => Response | Promise<Response>,
  kept = new KeptAnswers(),
) {
  const ask = keeping(fetch, kept);
  return {
    request: async (path: string, init?: RequestInit): Promise<Response> =>
      await ask(new Request(`http://127.0.0.1${path}`, init)),
  };
}

Deno.test("what hangs on its address is answered once, another form of it too", async () => {
  const kept = new KeptAnswers();
  const { counted, asked } = counting(kept, 5000);
  for (const encoding of ["", "gzip", "gzip", ""]) {
    for (const method of ["GET", "HEAD"]) {
      const response = await counted.request("/kept?a=1", {
        method,
        headers: { "Accept-Encoding": encoding },
      });
      await response.arrayBuffer();
      assertEquals(response.status, 200);
    }
  }
  assertEquals(asked.length, 1);
  assertEquals(kept.size.entries, 1);
  const others = ["/kept?a=2", "/kept?a=1&b", "/other", "/other"];
  for (const path of others) await (await counted.request(path)).text();
  assertEquals(asked.length, 1 + others.length);
  await (await counted.request("/kept?a=1", {
    headers: { "HX-Request": "true" },
  })).text();
  assertEquals(asked.length, 2 + others.length);
});

Deno.test("what is kept is bounded by its bytes, packed forms among them", async () => {
  const most = 200_000;
  const kept = new KeptAnswers(most);
  const { counted } = counting(kept, 4000);
  let largest = 0;
  for (let at = 0; at < 500; at++) {
    for (const encoding of ["", "gzip"]) {
      await (await counted.request(`/kept?a=${at % 90}${"y".repeat(at)}`, {
        headers: { "Accept-Encoding": encoding },
      })).arrayBuffer();
      largest = Math.max(largest, kept.size.bytes);
    }
  }
  assert(largest <= most, `${largest} bytes`);
  assert(kept.size.entries > 10 && kept.size.entries < 50);
  assert(kept.size.bytes > kept.size.entries * 4000);
});

Deno.test("an answer's size grows by the other form of it, whichever came first", async () => {
  for (const order of [["", "gzip"], ["gzip", ""]]) {
    const kept = new KeptAnswers();
    const { counted, asked } = counting(kept, 5000);
    const seen: { length: number; kept: number; text: string }[] = [];
    for (const encoding of [...order, ...order]) {
      const response = await counted.request("/kept", {
        headers: { "Accept-Encoding": encoding },
      });
      assertEquals(
        response.headers.get("content-encoding"),
        encoding === "gzip" ? "gzip" : null,
      );
      const bytes = new Uint8Array(await response.arrayBuffer());
      assertEquals(response.headers.get("content-length"), `${bytes.length}`);
      const plain = encoding === "gzip" ? gunzipSync(bytes) : bytes;
      seen.push({
        length: bytes.length,
        kept: kept.size.bytes,
        text: new TextDecoder().decode(plain),
      });
    }
    const [first, second, third, fourth] = seen;
    assert(first && second && third && fourth);
    assertEquals(second.kept - first.kept, second.length);
    assertEquals([third.kept, fourth.kept], [second.kept, second.kept]);
    for (const { text } of seen) assertEquals(text, "x".repeat(5000));
    assertEquals(asked.length, 1);
  }
});

Deno.test("a long answer is not kept", async () => {
  const kept = new KeptAnswers();
  const { counted, asked } = counting(kept, 300_000);
  for (let at = 0; at < 3; at++) await (await counted.request("/kept")).text();
  assertEquals(asked.length, 3);
  assertEquals(kept.size, { entries: 0, bytes: 0 });
});

Deno.test("an answer that is kept is the one that was given", async () => {
  for (
    const path of [
      "/answer?model=gpt2&train.micro_batch=3",
      "/?model=gpt2&train.micro_batch=3",
      "/api/v1/estimate?model=gpt2&train.micro_batch=3",
      "/export?model=gpt2&format=deepspeed",
      "/presets",
    ]
  ) {
    const origin = { "Origin": "https://elsewhere.example" };
    const fresh = await app.request(path, { headers: origin });
    const kept = requester(app.fetch);
    await (await kept.request(path)).text();
    const again = await kept.request(path, { headers: origin });
    const ids = [fresh, again].map(({ headers }) =>
      headers.get("x-request-id")
    );
    assert(ids[0] && ids[1] && ids[0] !== ids[1]);
    const headersOf = ({ headers }: Response) =>
      [...headers].filter(([name]) => name !== "x-request-id").sort();
    assertEquals(headersOf(again), headersOf(fresh), path);
    assertEquals(await again.text(), await fresh.text());
    const tag = again.headers.get("etag") ?? "";
    const same = await kept.request(path, {
      headers: { "If-None-Match": tag },
    });
    assertEquals(same.status, 304);
    assertEquals(same.headers.get("etag"), tag);
    assert(same.headers.has("content-security-policy"));
    const named = await kept.request(path, {
      headers: { "X-Request-Id": "abc-1" },
    });
    assertEquals(named.headers.get("x-request-id"), "abc-1");
    await named.body?.cancel();
  }
});

Deno.test("a refusal is not kept", async () => {
  const kept = new KeptAnswers();
  const asking = requester(app.fetch, kept);
  for (
    const path of [
      "/answer?model=nope",
      "/nowhere",
      "/healthz",
      "/import",
      "/static/page.js",
    ]
  ) await (await asking.request(path)).text();
  assertEquals(kept.size, { entries: 0, bytes: 0 });
});

Deno.test("an answer of a Hub is not kept", async () => {
  const hub: Hub = {
    known: () => undefined,
    model: () => Promise.resolve(resolveModel("gpt2")),
  };
  const kept = new KeptAnswers();
  const withHub = requester(createApp(hub).fetch, kept);
  for (
    const path of [
      "/api/v1/estimate?model=some/body",
      "/?model=some/body",
      "/compare?s1=model%3Dgpt2&s2=model%3Dsome/body",
    ]
  ) {
    const response = await withHub.request(path);
    assertEquals(response.status, 200, path);
    await response.body?.cancel();
  }
  assertEquals(kept.size.entries, 0);
  await (await withHub.request("/api/v1/estimate?model=gpt2")).text();
  assertEquals(kept.size.entries, 1);
});
