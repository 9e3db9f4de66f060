import { assert, assertEquals, assertMatch } from "@std/assert";
import { app } from "../../app.ts";
import { accessLogFrom, logged } from "../../routes/access_log.ts";

/** What the log says of requests, a line each. */
async function linesOf(
  requests: readonly Request[],
  { queries = false, fetch = app.fetch as (asked: Request) => Response } = {},
): Promise<Record<string, unknown>[]> {
  const lines: string[] = [];
  const log = logged(fetch, { write: (line) => lines.push(line), queries });
  for (const request of requests) {
    const response = await log(request);
    const { length } = new Uint8Array(await response.arrayBuffer());
    const line = JSON.parse(lines.at(-1) ?? "");
    assertEquals(line.bytes, length);
    assertEquals(line.id, response.headers.get("x-request-id"));
  }
  assertEquals(lines.length, requests.length);
  for (const line of lines) assertMatch(line, /^[\x20-\x7e]+$/);
  return lines.map((line) => JSON.parse(line));
}

const AT = "http://127.0.0.1:7860";

Deno.test("the access log has a line of JSON for each request", async () => {
  const lines = await linesOf([
    new Request(`${AT}/?model=gpt2`, {
      headers: { "Accept-Encoding": "gzip" },
    }),
    new Request(`${AT}/static/page.js?v=1`),
    new Request(`${AT}/nowhere`, { method: "HEAD" }),
    new Request(`${AT}/api/v1/estimate`, { method: "POST", body: "{" }),
    new Request(`${AT}/api/v1/estimate`, { method: "DELETE" }),
  ]);
  assertEquals(
    lines.map(({ method, path, status }) => [method, path, status]),
    [
      ["GET", "/", 200],
      ["GET", "/static/page.js", 200],
      ["HEAD", "/nowhere", 404],
      ["POST", "/api/v1/estimate", 422],
      ["DELETE", "/api/v1/estimate", 405],
    ],
  );
  for (const line of lines) {
    assertEquals(Object.keys(line), [
      "time",
      "id",
      "method",
      "path",
      "status",
      "ms",
      "bytes",
    ]);
    assert(Number.isFinite(Date.parse(String(line["time"]))));
    assertMatch(String(line["id"]), /^[\w=-]{8,64}$/);
    assert(typeof line["ms"] === "number" && line["ms"] >= 0);
  }
  assertEquals(new Set(lines.map(({ id }) => id)).size, lines.length);
});

Deno.test("the access log keeps a proxy's request id, and no other text", async () => {
  const ids = ["abc-123", "a b", 'x","status":200,"y":"', "z".repeat(65)];
  const lines = await linesOf(
    ids.map((id) =>
      new Request(`${AT}/healthz`, { headers: { "X-Request-Id": id } })
    ),
  );
  assertEquals(lines[0]?.["id"], ids[0]);
  for (const { id } of lines.slice(1)) assertMatch(String(id), /^[\w-]{36}$/);
});

Deno.test("the access log names a request that the application never saw", async () => {
  const [line] = await linesOf([new Request(`${AT}/`)], {
    fetch: () =>
      new Response("busy", { status: 503, headers: { "Content-Length": "4" } }),
  });
  assertEquals(line?.["status"], 503);
  assertMatch(String(line?.["id"]), /^[\w-]{36}$/);
});

/** Texts that would end a line, begin another, or give something away. */
const PATHS = [
  '/%0a{"status":200}',
  "/%0D%0A",
  "/\u2028\u2029",
  "/\u202egpj",
  "/\x1b[31m",
  '/","status":200,"x":"',
  `/${"x".repeat(20_000)}`,
  "/\ud800",
];

Deno.test("the access log cannot be written by a path", async () => {
  const lines = await linesOf(PATHS.map((path) => new Request(AT + path)));
  for (const line of lines) {
    assert(JSON.stringify(line).length < 1500);
    assertEquals(line["status"], 404);
  }
});

const SECRET = "hf_abcdefghijklmnopqrstuvwxyz";

Deno.test("the access log has no query unless asked to, and no token ever", async () => {
  const asked = () => [
    new Request(`${AT}/answer?model=gpt2&note=private&x=${SECRET}`, {
      headers: { "Authorization": `Bearer ${SECRET}`, "Cookie": SECRET },
    }),
    new Request(`${AT}/${SECRET}`),
  ];
  const without = JSON.stringify(await linesOf(asked()));
  assert(!without.includes("private") && !without.includes(SECRET.slice(3)));
  const lines = await linesOf(asked(), { queries: true });
  assertEquals(lines[0]?.["query"], "model=gpt2&note=private&x=hf_***");
  assert(!JSON.stringify(lines).includes(SECRET.slice(3)));
});

Deno.test("accessLogFrom() reads what the environment says", () => {
  const of = (variables: Record<string, string>) =>
    accessLogFrom((name) => variables[name]);
  assertEquals(of({})?.queries, false);
  assertEquals(of({ LOG_QUERY: "1" })?.queries, true);
  assertEquals(of({ LOG_QUERY: "0" })?.queries, false);
  assertEquals(of({ LOG_QUERY: "false" })?.queries, false);
  assertEquals(of({ LOG_REQUESTS: "0", LOG_QUERY: "1" }), null);
  assertEquals(of({ LOG_REQUESTS: "off" }), null);
});
