import { assert, assertEquals, assertMatch } from "@std/assert";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { app, createApp } from "../../app.ts";
import type { Hub } from "../../hub/mod.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { STATIC } from "../../static/mod.ts";
import { DOCS } from "../../templates/docs/documents.ts";
import { addresses } from "./requests.ts";

/** Addresses whose answers hang on nothing else. */
const PURE = [
  "/",
  "/?model=gpt2",
  "/answer?model=gpt2",
  "/gpus?model=gpt2",
  "/tables?model=gpt2",
  "/tables/answer?model=gpt2",
  "/compare?s1=model%3Dgpt2",
  "/largest?model=gpt2",
  "/advice?model=gpt2",
  "/strategies?model=gpt2",
  "/explain?model=gpt2",
  "/api/v1/advice?model=gpt2",
  "/traffic?model=gpt2",
  "/presets",
  "/accuracy?counter=allocated_peak",
  "/docs",
  "/docs/settings",
  "/docs/parts",
  "/docs/api",
  ...DOCS.map(({ name }) => `/docs/${name}`),
  ...["basic", "parallelism", "optimizations", "advanced"]
    .map((tab) => `/settings/${tab}?model=gpt2`),
  "/models/found?model=qwen3",
  "/scenario?model=gpt2",
  "/scenario.json?model=gpt2",
  "/export?model=gpt2",
  "/export?model=gpt2&format=deepspeed",
  "/api/v1/estimate?model=gpt2",
  "/api/v1/evidence?model=gpt2",
  "/api/v1/largest?model=gpt2",
  "/api/v1/strategies?model=gpt2",
  "/api/v1/compare?s1=model%3Dgpt2",
  "/api/v1/export?format=json&model=gpt2",
  "/api/v1/models",
  "/api/v1/gpus?q=4090",
  "/api/v1/openapi.json",
  "/llms.txt",
  "/config",
  "/gradio_api/info",
];

Deno.test("every address that is asked by GET is among those that are looked at", () => {
  const known = PURE.map((path) => path.split("?")[0]);
  const others = addresses().filter(({ path, methods }) =>
    methods.includes("GET") && !known.includes(path) &&
    !path.startsWith("/static/")
  );
  assertEquals(
    others.map(({ path }) => path).sort(),
    [
      "/favicon.ico",
      "/gradio_api/call/advice/:event",
      "/gradio_api/call/estimate/:event",
      "/gradio_api/call/largest/:event",
      "/gradio_api/queue/data",
      "/healthz",
      "/import",
    ],
  );
});

for (const path of PURE) {
  Deno.test(`GET ${path} is asked again by its tag`, async () => {
    const first = await app.request(path);
    assertEquals(first.status, 200);
    await first.body?.cancel();
    const tag = first.headers.get("etag") ?? "";
    assertMatch(tag, /^W\/"[\w-]{20,}"$/);
    assertEquals(first.headers.get("cache-control"), "public, max-age=60");
    assertMatch(first.headers.get("vary") ?? "", /accept-encoding/i);

    for (const sent of [tag, tag.slice(2), `"x", ${tag}`, "*"]) {
      for (const method of ["GET", "HEAD"]) {
        const again = await app.request(path, {
          method,
          headers: { "If-None-Match": sent, "Accept-Encoding": "gzip" },
        });
        assertEquals(again.status, 304, sent);
        assertEquals(await again.text(), "");
        assertEquals(again.headers.get("etag"), tag);
        assertEquals(again.headers.get("cache-control"), "public, max-age=60");
        assertEquals(again.headers.get("content-encoding"), null);
      }
    }
    const other = await app.request(path, {
      headers: { "If-None-Match": '"else"' },
    });
    assertEquals(other.status, 200);
    await other.body?.cancel();
  });
}

Deno.test("another scenario has another tag", async () => {
  const tags = new Set<string | null>();
  for (const batch of [1, 2, 3, 4]) {
    const response = await app.request(
      `/answer?model=gpt2&train.micro_batch=${batch}`,
    );
    await response.body?.cancel();
    tags.add(response.headers.get("etag"));
  }
  assertEquals(tags.size, 4);
});

/** A Hub that has gpt2 under another name. */
const HUB: Hub = {
  known: () => undefined,
  model: () => Promise.resolve(resolveModel("gpt2")),
};

Deno.test("nothing that a Hub has a part in is kept by others", async () => {
  const withHub = createApp(HUB);
  for (const path of PURE) {
    if (!path.includes("model=gpt2") && !path.includes("model%3Dgpt2")) {
      continue;
    }
    const asked = path.replace(/(model(=|%3D))gpt2/, "$1some/body");
    if (/^\/(scenario|export|settings|explain)/.test(asked)) continue;
    const response = await withHub.request(asked);
    assertEquals(response.status, 200, asked);
    await response.body?.cancel();
    assertEquals(
      response.headers.get("cache-control"),
      "private, no-cache",
      asked,
    );
  }
  const counted = await withHub.request(
    "/answer?model=gpt2&count_from=headers&look_up=gpt2",
  );
  await counted.body?.cancel();
  assertEquals(counted.status, 200);
  assertEquals(counted.headers.get("cache-control"), "private, no-cache");
  const listed = await withHub.request(
    "/compare?s1=model%3Dgpt2&s2=model%3Dgpt2%26count_from%3Dheaders",
  );
  await listed.body?.cancel();
  assertEquals(listed.headers.get("cache-control"), "private, no-cache");
});

Deno.test("no refusal and nothing that is sent is kept", async () => {
  const answers = [
    await app.request("/answer?model=nope"),
    await app.request("/api/v1/estimate?model=nope"),
    await app.request("/nowhere"),
    await app.request("/healthz"),
    await app.request("/", { method: "PUT" }),
    await app.request("/api/v1/estimate", {
      method: "POST",
      body: '{"model": "gpt2"}',
    }),
  ];
  for (const response of answers) {
    await response.body?.cancel();
    assertEquals(response.headers.get("cache-control"), "no-store");
    assertEquals(response.headers.get("etag"), null);
  }
});

Deno.test("an answer has its length, packed or not", async () => {
  for (const path of ["/?model=gpt2", "/api/v1/estimate?model=gpt2"]) {
    const plain = await app.request(path);
    const text = await plain.text();
    const length = new TextEncoder().encode(text).length;
    assertEquals(plain.headers.get("content-length"), `${length}`);
    const packed = await app.request(path, {
      headers: { "Accept-Encoding": "gzip, br" },
    });
    const bytes = new Uint8Array(await packed.arrayBuffer());
    assertEquals(packed.headers.get("content-encoding"), "gzip");
    assertEquals(packed.headers.get("content-length"), `${bytes.length}`);
    assert(bytes.length < length / 2);
    assertEquals(new TextDecoder().decode(gunzipSync(bytes)), text);
  }
});

const ACCEPTS: [sent: string, encoding: string | null][] = [
  ["", null],
  ["gzip", "gzip"],
  ["gzip, deflate, br", "br"],
  ["br;q=0.1, gzip;q=0.9", "gzip"],
  ["br;q=0, gzip", "gzip"],
  ["identity", null],
  ["gzip;q=0", null],
  ["*", "br"],
  ["*;q=0", null],
  ["GZIP", "gzip"],
  ["x".repeat(5000), null],
];

Deno.test("a static file is sent as its asker accepts, packed once", async () => {
  for (const { path, text, address } of Object.values(STATIC)) {
    for (const [sent, encoding] of ACCEPTS) {
      const response = await app.request(address, {
        headers: { "Accept-Encoding": sent },
      });
      const { headers } = response;
      assertEquals(headers.get("content-encoding"), encoding, sent);
      const bytes = new Uint8Array(await response.arrayBuffer());
      assertEquals(headers.get("content-length"), `${bytes.length}`);
      assertMatch(headers.get("vary") ?? "", /accept-encoding/i);
      const plain = encoding === "br"
        ? brotliDecompressSync(bytes)
        : encoding === "gzip"
        ? gunzipSync(bytes)
        : bytes;
      assertEquals(new TextDecoder().decode(plain), text, path);
      const again = await app.request(address, {
        headers: {
          "Accept-Encoding": sent,
          "If-None-Match": headers.get("etag") ?? "",
        },
      });
      assertEquals(again.status, 304);
      assertMatch(again.headers.get("cache-control") ?? "", /immutable/);
    }
  }
});

Deno.test("the tags of a static file differ by what is sent", async () => {
  const tags = new Set<string | null>();
  for (const sent of ["", "gzip", "br"]) {
    const response = await app.request(STATIC.style.path, {
      headers: { "Accept-Encoding": sent },
    });
    await response.body?.cancel();
    tags.add(response.headers.get("etag"));
  }
  assertEquals(tags.size, 3);
});
