/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import packaged from "../npm/htmx.ts";
import { app } from "../../app.ts";
import { STATIC } from "../../static/mod.ts";
import { slimCss, slimJs } from "../../static/slim.ts";
import { visit } from "./visit.ts";

/** Most that the first page may weigh, everything it loads included. */
const MAX_PAGE_BYTES = 45_000;

const TYPES: Record<string, string> = {
  "/static/combobox.js": "text/javascript; charset=utf-8",
  "/static/compare.css": "text/css; charset=utf-8",
  "/static/docs.css": "text/css; charset=utf-8",
  "/static/htmx.min.js": "text/javascript; charset=utf-8",
  "/static/model.js": "text/javascript; charset=utf-8",
  "/static/copy.js": "text/javascript; charset=utf-8",
  "/static/page.js": "text/javascript; charset=utf-8",
  "/static/theme.js": "text/javascript; charset=utf-8",
  "/static/style.css": "text/css; charset=utf-8",
  "/static/icon.svg": "image/svg+xml; charset=utf-8",
};

/** The characters that mean something, in order. */
function words(text: string): string {
  return text.replaceAll(/\/\*.*?\*\/|^[ \t]*\/\/[^\n]*/gms, "")
    .replaceAll(/\s+/g, "");
}

Deno.test("slimCss() and slimJs() leave out comments and indentation", () => {
  const css =
    "/* a\n b */\n.a,\n.b > i {\n  color: red;\n  margin: 0 1px;\n}\n";
  assertEquals(slimCss(css), ".a,.b>i{color:red;margin:0 1px;}");
  const js = '// a\nconst a = "// b";\n\n  f(`c  ${a}`,\n    1);\n';
  assertEquals(slimJs(js), 'const a = "// b";\nf(`c  ${a}`,\n1);\n');
});

Deno.test("GET /static has these files and no other", () => {
  const paths = Object.values(STATIC).map(({ path }) => path);
  assertEquals(paths.sort(), Object.keys(TYPES).sort());
});

for (const { path, address, text } of Object.values(STATIC)) {
  Deno.test(`GET ${path} is the file, of its type`, async () => {
    const response = await app.request(path);
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), TYPES[path]);
    assertEquals(await response.text(), text);
    const onDisk = await Deno.readTextFile(
      new URL(`../..${path}`, import.meta.url),
    );
    // What is served differs in spaces and comments alone.
    assertEquals(words(text), words(onDisk));
  });

  Deno.test(`GET ${path} is kept for a year under its own hash alone`, async () => {
    const caching = async (asked: string): Promise<string> => {
      const response = await app.request(asked);
      await response.body?.cancel();
      assertEquals(response.status, 200);
      return response.headers.get("cache-control") ?? "";
    };
    assertMatch(address, /\?v=[0-9a-f]{12}$/);
    assertEquals(
      await caching(address),
      "public, max-age=31536000, immutable",
    );
    assertEquals(await caching(path), "no-cache");
    // During an update, a new page may ask an old server.
    assertEquals(await caching(`${path}?v=000000000000`), "no-cache");
  });
}

Deno.test("GET /static/htmx.min.js is the pinned package's file", async () => {
  const response = await app.request("/static/htmx.min.js");
  assertEquals(await response.text(), packaged);
});

Deno.test("GET / loads nothing but addresses that answer", async () => {
  const { document } = await visit("/");
  const addresses = loadedBy(document);
  const { compare, docs, ...everywhere } = STATIC;
  const usual = Object.values(everywhere).map(({ address }) => address);
  assertEquals(new Set(addresses), new Set(usual));
  const read = await visit("/docs");
  assertEquals(
    new Set(loadedBy(read.document)),
    new Set([...usual, docs.address]),
  );
  const compared = await visit("/compare?s1=model%3Dgpt2");
  assertEquals(
    new Set(loadedBy(compared.document)),
    new Set([...usual, compare.address]),
  );
  for (const address of addresses) {
    const response = await app.request(address);
    await response.body?.cancel();
    assertEquals(response.status, 200, address);
  }
});

Deno.test("GET / links to nothing of its own that is not there", async () => {
  const { document } = await visit("/?model=llama2-7b");
  const links = [...document.querySelectorAll("a[href^='/']")]
    .map((link) => link.getAttribute("href") ?? "");
  assert(links.length > 5);
  for (const link of links) {
    const response = await app.request(link);
    await response.body?.cancel();
    assertEquals(response.status, 200, link);
  }
});

Deno.test("GET /static/thumbnail.png is a picture of the size that links show", async () => {
  const response = await app.request("/static/thumbnail.png");
  assertEquals(response.headers.get("content-type"), "image/png");
  const bytes = new DataView(await response.arrayBuffer());
  assertEquals(bytes.getUint32(0), 0x89504e47);
  const [width, height] = [bytes.getUint32(16), bytes.getUint32(20)];
  assertEquals([width, height], [960, 504]);
});

Deno.test("GET /favicon.ico leads to the icon", async () => {
  const response = await app.request("/favicon.ico");
  assertEquals(response.status, 301);
  assertEquals(response.headers.get("location"), STATIC.icon.address);
});

Deno.test("GET /healthz says ok", async () => {
  const response = await app.request("/healthz");
  assertEquals(response.status, 200);
  assertEquals(await response.text(), "ok");
});

Deno.test("GET refuses an address that is too long, by its limit", async () => {
  for (const path of ["/", "/answer", "/gpus", "/api/v1/estimate"]) {
    const response = await app.request(`${path}?model=${"x".repeat(40_000)}`);
    assertEquals(response.status, 414, path);
    assertMatch(await response.text(), /at most 32768 characters.* 40\d{3}\b/);
  }
});

Deno.test("GET answers an address just under the limit", async () => {
  const response = await app.request(`/?model=${"x".repeat(32_000)}`);
  await response.body?.cancel();
  assertEquals(response.status, 422);
});

for (const path of ["/", "/answer?model=gpt2", "/api/v1/estimate?model=gpt2"]) {
  Deno.test(`GET ${path} is gzipped when asked`, async () => {
    const plain = await app.request(path);
    assertEquals(plain.headers.get("content-encoding"), null);
    assertMatch(plain.headers.get("vary") ?? "", /accept-encoding/i);
    const packed = await gzipped(path);
    assert(packed.body);
    const text = await new Response(
      packed.body.pipeThrough(new DecompressionStream("gzip")),
    ).text();
    assertEquals(text, await plain.text());
  });
}

Deno.test(`GET / weighs at most ${MAX_PAGE_BYTES} bytes with all that it loads`, async () => {
  const { document } = await visit("/");
  const weights = await Promise.all(
    ["/", ...new Set(loadedBy(document))].map(async (path) => {
      const { byteLength } = await (await gzipped(path)).arrayBuffer();
      return byteLength;
    }),
  );
  assertEquals(weights.length, 9);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  assert(sum <= MAX_PAGE_BYTES, `${sum} bytes: ${weights.join(" + ")}`);
});

function loadedBy(document: Document): string[] {
  return [...document.querySelectorAll("script, link, img")].map((element) =>
    element.getAttribute("src") ?? element.getAttribute("href") ?? ""
  );
}

async function gzipped(path: string): Promise<Response> {
  const response = await app.request(path, {
    headers: { "accept-encoding": "gzip" },
  });
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-encoding"), "gzip");
  return response;
}
