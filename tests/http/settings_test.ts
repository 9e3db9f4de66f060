/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { app } from "../../app.ts";
import { DEFAULT_SCENARIO, FIELDS, GROUPS, leavesOf } from "../../lib/mod.ts";
import type { FieldGroup } from "../../lib/mod.ts";
import { anotherValue } from "../lib/another_value.ts";
import { metBy } from "./met_by.ts";
import { address, controlsOf, held, sentBy, textOf, visit } from "./visit.ts";

const MODEL = { model: "llama2-7b", "parallel.gpus": "8" };

const USUAL = new Map(
  leavesOf(DEFAULT_SCENARIO).map(({ path, value }) => [path, value]),
);

/** Fields that the page does not show without being asked. */
const MORE = FIELDS.filter(({ group }) => {
  const { more }: FieldGroup = GROUPS[group];
  return more !== undefined;
});

function namesIn(document: Document): string[] {
  return [...document.querySelectorAll("[name]")]
    .map((control) => control.getAttribute("name") ?? "");
}

Deno.test("GET / leaves more settings out, each behind its tab's button", async () => {
  const { document } = await visit("/");
  const names = new Set(namesIn(document));
  assertEquals(MORE.filter(({ path }) => names.has(path)), []);
  assertEquals(
    [...document.querySelectorAll("#scenario button[name=more]")]
      .map((button) => [button.getAttribute("value"), textOf(button)]),
    ["basic", "parallelism", "optimizations"].map((tab) => [
      tab,
      "More settings",
    ]),
  );
});

Deno.test("GET /settings shows those that matter beside the engine", async () => {
  const { status, document } = await visit(
    address("/settings/parallelism", { ...MODEL, "engine.name": "deepspeed" }),
  );
  assertEquals(status, 200);
  const names = namesIn(document);
  assert(names.includes("engine.overlap_comm"));
  assert(names.includes("engine.gradient_clipping"));
  assert(!names.includes("engine.bucket_cap_mb"));
  assert(!names.includes("parallel.split_points"));
});

Deno.test("GET /settings keeps what is set, whatever the engine", async () => {
  const { document } = await visit(
    address("/settings/parallelism", {
      ...MODEL,
      "engine.name": "deepspeed",
      "engine.bucket_cap_mb": "50",
    }),
  );
  const control = document.querySelector("[name='engine.bucket_cap_mb']");
  assertEquals(control?.getAttribute("value"), "50");
});

Deno.test("GET /settings asks again when what it rests on changes", async () => {
  const { document } = await visit(
    address("/settings/parallelism", { ...MODEL, "engine.name": "fsdp" }),
  );
  const { document: page } = await visit("/");
  const trigger = document.querySelector("#more-parallelism")
    ?.getAttribute("hx-trigger") ?? "";
  const ids = [...trigger.matchAll(/change from:#([\w-]+)/g)]
    .map(([, id = ""]) => id);
  assert(ids.includes("f-engine-name") && ids.includes("f-parallel-pp"));
  for (const id of ids) {
    assert(page.getElementById(id) ?? document.getElementById(id), id);
  }
});

Deno.test("GET /settings knows the five tabs alone", async () => {
  for (const tab of ["nothing", "__proto__", "basic/x", "lora"]) {
    const response = await app.request(`/settings/${tab}`);
    await response.body?.cancel();
    assertEquals(response.status, 404, tab);
  }
});

Deno.test("GET / with a button's word opens its tab and settings, and keeps the word", async () => {
  const { document } = await visit("/?model=llama2-7b&more=parallelism");
  assert(namesIn(document).includes("parallel.rank"));
  assert(
    document.querySelector("#tab-parallelism")?.hasAttribute("checked"),
  );
  assertEquals(held(document, "more"), undefined);
});

Deno.test("GET / shows each of them that an address sets, and sends it back", async () => {
  for (const { path, needs, values } of MORE) {
    const value = anotherValue(path, USUAL.get(path) ?? null);
    const text = typeof value === "object" && !Array.isArray(value)
      ? JSON.stringify(value)
      : String(value);
    const beside = metBy(needs);
    const query = { ...MODEL, ...beside, [path]: text };
    const response = await app.request(address("/", query));
    await response.body?.cancel();
    const at = response.headers.get("location") ?? address("/", query);
    assert(response.status === 303 || response.status === 200, path);
    const { document } = await visit(at);
    assert(controlsOf(document, path).length === 1, `${path} ${values.kind}`);
    const sent = `/?${sentBy(document)}`;
    const again = await app.request(sent);
    await again.body?.cancel();
    const pairs = (
      address: string,
    ) => [...new URL(address, "http://localhost").searchParams];
    assertEquals(pairs(again.headers.get("location") ?? ""), pairs(at), path);
  }
});

Deno.test("GET / shows a wrong one of them, with its tab open", async () => {
  const { status, document } = await visit(
    address("/", { ...MODEL, "engine.reduce_bucket_size": "many" }),
  );
  assertEquals(status, 422);
  const control = document.querySelector("#f-engine-reduce_bucket_size");
  assertEquals(control?.getAttribute("aria-invalid"), "true");
  assert(document.querySelector("#tab-parallelism")?.hasAttribute("checked"));
});
