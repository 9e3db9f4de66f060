import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Hono } from "hono";
import { app, createAppWith } from "../../app.ts";
import { DEFAULT_TABLES } from "../../lib/ask/tables/config.ts";
import { wholeBody, within } from "../../routes/limits.ts";
import { withoutAnswer } from "../../routes/refuse.tsx";
import { addresses, messageOf } from "./requests.ts";
import { documentOf, only, textOf } from "./visit.ts";

const API = "/api/v1/estimate";

/** A body whose sender breaks off after a while. */
function broken(): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent++ < 3) controller.enqueue(new TextEncoder().encode('{"a":'));
      else controller.error(new TypeError("connection closed"));
    },
  });
}

Deno.test("a body that breaks off is refused with 400 at every address that takes one", async () => {
  const taking = addresses().filter(({ methods }) => methods.includes("POST"));
  assert(taking.length >= 8);
  for (const { path } of taking) {
    for (
      const type of ["application/json", "multipart/form-data; boundary=x", ""]
    ) {
      const response = await app.request(path, {
        method: "POST",
        body: broken(),
        headers: { "Content-Type": type },
      });
      assertEquals(response.status, 400, `${path} ${type}`);
      const text = await response.clone().text();
      assertStringIncludes(text, "must be sent whole");
      if (path.startsWith("/api/")) await messageOf(response);
    }
  }
});

Deno.test("a body that is too large is refused by its length, stated or not", async () => {
  const large = "x".repeat(1024 ** 2 + 1);
  const bodies: BodyInit[] = [large, new Blob([large]).stream()];
  for (const body of bodies) {
    const response = await app.request(API, { method: "POST", body });
    assertEquals(response.status, 413);
    assertStringIncludes(await messageOf(response), "at most 1048576 bytes");
  }
  const stated = await app.request(API, {
    method: "POST",
    body: "{}",
    headers: { "Content-Length": "99999999" },
  });
  assertEquals(stated.status, 413);
  assertStringIncludes(await messageOf(stated), "99999999");
});

Deno.test("a request that takes too long is refused with 408", async () => {
  const slow = new Hono()
    .use(within(5), wholeBody(1000, (c) => c.text("", 413)))
    .post("*", (c) => c.text("late"));
  slow.onError(withoutAnswer);
  const never = () =>
    new ReadableStream({ pull: () => new Promise<void>(() => {}) });
  const api = await slow.request(API, { method: "POST", body: never() });
  assertEquals(api.status, 408);
  assertStringIncludes(await messageOf(api), "0.005 seconds");
  const page = await slow.request("/import", { method: "POST", body: never() });
  assertEquals(page.status, 408);
  const document = documentOf(await page.text());
  assertStringIncludes(textOf(only(document, "main")), "0.005 seconds");
});

Deno.test("what breaks here is 500 in the same shape, and tells no more", async () => {
  const faulty = createAppWith({
    ask: () => Promise.reject(new Error("secret at /a/b.ts:1:2")),
  }, DEFAULT_TABLES);
  const log = console.error;
  const said: unknown[] = [];
  console.error = (...each) => said.push(...each);
  try {
    const response = await faulty.request(`${API}?model=some/body`);
    assertEquals(response.status, 500);
    assert(response.headers.has("content-security-policy"));
    const message = await messageOf(response);
    assert(!message.includes("secret"));
  } finally {
    console.error = log;
  }
  assertEquals(said.length, 1);
});

Deno.test("an address that is too long is refused in the same shape", async () => {
  const response = await app.request(`${API}?model=${"x".repeat(40_000)}`);
  assertEquals(response.status, 414);
  assertStringIncludes(await messageOf(response), "at most 32768 characters");
});

/** Texts that nest deeper than any stack, closed and not. */
const DEEP = ['{"a":', "["].map((open) => open.repeat(10_000)).flatMap(
  (opened) => [
    opened,
    opened + "1" + (opened[0] === "{" ? "}" : "]").repeat(10_000),
  ],
);

/** The same where a body has a place for anything. */
const PLACED = DEEP.flatMap((deep) => [
  deep,
  `{"model": {"config": ${deep}}}`,
  `{"scenarios": [${deep}]}`,
  `{"scenario": {"model": "gpt2", "train": ${deep}}}`,
]);

Deno.test("a body that nests 10,000 levels is refused at every address that takes one", async () => {
  const taking = addresses().filter(({ methods }) => methods.includes("POST"));
  for (const { path } of taking) {
    for (const deep of PLACED) {
      const response = await app.request(path, { method: "POST", body: deep });
      const text = await response.text();
      // A batch has begun to answer when it finds a line that it refuses.
      const isLines = path.endsWith("/batch");
      assertEquals(
        response.status,
        isLines ? 200 : 422,
        `${path} ${deep.slice(0, 60)}`,
      );
      if (path.startsWith("/api/")) {
        assert(isLines || JSON.parse(text).error.message);
        if (isLines) assertEveryLineRefused(text);
      }
      for (const name of ["config_file", "configuration_file"]) {
        const form = new FormData();
        form.append(name, new File([deep], "a.json"));
        form.append("configuration", deep);
        form.append("model", deep);
        const sent = await app.request(path, { method: "POST", body: form });
        assertEquals(sent.status, isLines ? 200 : 422, `${path} ${name}`);
        const lines = await sent.text();
        if (isLines) assertEveryLineRefused(lines);
      }
    }
  }
});

function assertEveryLineRefused(text: string): void {
  const lines = text.trim().split("\n");
  for (const line of lines) assert(JSON.parse(line).error.message, line);
}

Deno.test("a config.json that nests too deep is refused by its limit", async () => {
  const ask = async (levels: number): Promise<Response> => {
    const form = new FormData();
    const deep = `{"a":`.repeat(levels) + "1" + "}".repeat(levels);
    form.append("config_file", new File([deep], "config.json"));
    return await app.request("/config", { method: "POST", body: form });
  };
  const refused = await ask(17);
  assertEquals(refused.status, 422);
  assertStringIncludes(await refused.text(), "at most 16 levels deep");
  // What a model lacks is told on the page that it leads to.
  assertEquals((await ask(16)).status, 303);
});

Deno.test("a query that nests too deep is refused", async () => {
  for (const deep of DEEP) {
    const short = deep.replaceAll(/(?:\{"a":){9000}|\[{9000}/g, "");
    for (
      const path of ["/", "/answer", "/export", "/tables", "/compare", API]
    ) {
      const query = new URLSearchParams({ "model.config": short });
      const response = await app.request(`${path}?${query}`);
      await response.body?.cancel();
      assert(
        [414, 422].includes(response.status),
        `${response.status} ${path}`,
      );
    }
  }
});

Deno.test("no more problems are told than somebody reads, and how many there are", async () => {
  const many = (count: number): string =>
    Array.from({ length: count }, (_, at) => `"k${at}": 1`).join(",");
  const refused: [path: string, body: string][] = [
    ["/api/v1/estimate", `{"model": "gpt2", ${many(20_000)}}`],
    ["/api/v1/estimate", `{"model": "gpt2", "train": {${many(20_000)}}}`],
    ["/api/v1/export", `{"model": "gpt2", ${many(20_000)}}`],
    ["/api/v1/compare", `{"scenarios": [], ${many(20_000)}}`],
    ["/api/v1/largest", `{"scenario": {}, ${many(20_000)}}`],
  ];
  for (const [path, body] of refused) {
    const response = await app.request(path, { method: "POST", body });
    assertEquals(response.status, 422);
    const { error } = await response.json();
    assertEquals(error.more.length, 50, path);
    assertEquals(
      error.more.at(-1).message,
      "19950 further problems are not listed",
    );
  }
});
