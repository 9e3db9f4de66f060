/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { app } from "../../app.ts";
import { formatBytes } from "../../lib/mod.ts";
import { advised } from "../lib/advice.ts";
import { documentOf, only, textOf, visit } from "./visit.ts";

const QUERY = "model=Qwen/Qwen3-32B&train.method=qlora&hardware.gpu=RTX+4090";
const SCENARIO = {
  model: "Qwen/Qwen3-32B",
  train: { method: "qlora" },
  hardware: { gpu: "RTX 4090" },
} as const;

Deno.test("GET / asks what would help after its answer, or by a link, where it does not fit", async () => {
  const { document } = await visit(`/?${QUERY}`);
  const section = only(document, "section#advice");
  const href = only(section, "a[href^='/advice']").getAttribute("href");
  assertEquals(href, `/advice?${QUERY}`);
  assertEquals(section.getAttribute("hx-get"), href);
  assertMatch(section.getAttribute("hx-trigger") ?? "", /^load /);
  const before = section.previousElementSibling;
  assert(
    before?.matches(".peek, .verdict"),
    "it stands right under the verdict",
  );
  const fits = await visit("/?model=gpt2");
  assertEquals(fits.document.querySelector("#advice"), null);
});

Deno.test("GET /advice lists changes, each a link that applies it", async () => {
  const { status, document } = await visit(`/advice?${QUERY}`);
  assertEquals(status, 200);
  only(document, "h1");
  const { changes, together } = advised(SCENARIO);
  const items = [...document.querySelectorAll("#advice li")];
  assertEquals(items.length, changes.length);
  for (const [at, change] of changes.entries()) {
    const item = items[at];
    assert(item);
    assertMatch(textOf(item), /: [\d.]+ GiB, [\d.]+ GiB (less|more)\./);
    const query = new URLSearchParams(
      (only(item, "a").getAttribute("href") ?? "").slice(2),
    );
    for (const [path, value] of Object.entries(change.set)) {
      assertEquals(query.get(path), String(value));
    }
    assertEquals(query.get("train.method"), "qlora");
  }
  assert(together);
  const link = only(document, "#advice > p a");
  const applied = await visit(link.getAttribute("href") ?? "");
  const title = textOf(only(applied.document, "#verdict-title"));
  assertMatch(title, /^(Fits|Tight) on one RTX 4090/);
  const said = textOf(only(applied.document, ".verdict p:not(.doubt)"));
  assert(said.startsWith(`${formatBytes(together.peak_bytes)} of `), said);
  assertEquals(only(document, "main > p a").getAttribute("href"), `/?${QUERY}`);
});

Deno.test("GET /advice answers htmx with the section alone", async () => {
  const response = await app.request(`/advice?${QUERY}`, {
    headers: { "HX-Request": "true" },
  });
  const document = documentOf(await response.text());
  only(document, "section#advice");
  assertEquals(document.querySelectorAll("h1, header").length, 0);
  // It came by itself: nothing asks again.
  assertEquals(document.querySelectorAll("[hx-get]").length, 0);
});

Deno.test("GET /advice says that nothing has to change where it fits", async () => {
  const { document } = await visit("/advice?model=gpt2");
  assertMatch(textOf(only(document, "#advice")), /Nothing has to change/);
});

Deno.test("GET /advice refuses what the page refuses", async () => {
  const { status, document } = await visit(
    "/advice?model=gpt2&train.micro_batch=0",
  );
  assertEquals(status, 422);
  assertMatch(textOf(only(document, ".invalid")), /at least 1/);
});

Deno.test("/api/v1/advice answers a scenario as the library does", async () => {
  const expected = JSON.parse(JSON.stringify(advised(SCENARIO)));
  const posted = await app.request("/api/v1/advice", {
    method: "POST",
    body: JSON.stringify(SCENARIO),
  });
  assertEquals([posted.status, await posted.json()], [200, expected]);
  const got = await app.request(`/api/v1/advice?${QUERY}`);
  assertEquals([got.status, await got.json()], [200, expected]);
  assertEquals(Object.keys(expected), [
    "now",
    "changes",
    "together",
    "gpus_needed",
    "smallest_gpu",
  ]);
});

for (
  const [body, path, message] of [
    ["{", "", /must be a scenario in JSON/],
    ["{}", "model", /model is missing/],
    [`{"model": "nope/nope"}`, "model", /nope/],
    [`{"model": "gpt2", "field": 1}`, "field", /not a field/],
  ] as const
) {
  Deno.test(`POST /api/v1/advice refuses ${body}`, async () => {
    const response = await app.request("/api/v1/advice", {
      method: "POST",
      body,
    });
    assertEquals(response.status, 422);
    const { error } = await response.json();
    assertEquals(error.path, path);
    assertMatch(error.message, message);
  });
}
