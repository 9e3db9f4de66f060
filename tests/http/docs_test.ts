/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { DOCS } from "../../templates/docs/documents.ts";
import { only, textOf, visit } from "./visit.ts";

Deno.test("GET /docs leads to every document", async () => {
  const { status, document } = await visit("/docs");
  assertEquals(status, 200);
  const hrefs = [...document.querySelectorAll("main a")].map((link) =>
    link.getAttribute("href")
  );
  for (const { name } of DOCS) assert(hrefs.includes(`/docs/${name}`), name);
});

Deno.test("every question mark leads to a sentence that the documentation has", async () => {
  const links = new Set<string>();
  for (
    const path of [
      "/?model=Qwen/Qwen2.5-VL-7B-Instruct&train.method=qlora",
      "/?model=openai/gpt-oss-20b&task=serve&serve.engine=vllm",
      "/?model=gpt2&method=factors&more=advanced",
    ]
  ) {
    const { document } = await visit(path);
    for (const link of document.querySelectorAll("a.why, .why a")) {
      links.add(link.getAttribute("href") ?? "");
    }
  }
  assert(links.size > 80, `${links.size} links`);
  const pages = new Map<string, Document>();
  const dead: string[] = [];
  for (const link of links) {
    const [path = "", id] = link.split("#");
    const page = pages.get(path) ?? (await visit(path)).document;
    pages.set(path, page);
    const isThere = page.querySelector("main h1") !== null &&
      (id === undefined ||
        [...page.querySelectorAll("[id]")].some((each) => each.id === id));
    if (!isThere) dead.push(link);
  }
  assertEquals(dead, []);
});

Deno.test("links within the documents lead to headings that there are", async () => {
  const dead: string[] = [];
  const ids = new Map<string, Set<string>>();
  for (const { name } of DOCS) {
    const { document } = await visit(`/docs/${name}`);
    ids.set(
      `/docs/${name}`,
      new Set([...document.querySelectorAll("[id]")].map(({ id }) => id)),
    );
  }
  for (const path of ids.keys()) {
    const { document } = await visit(path);
    for (const link of document.querySelectorAll("main a")) {
      const href = link.getAttribute("href") ?? "";
      const [to, id] = href.startsWith("#")
        ? [path, href.slice(1)]
        : href.split("#");
      const there = ids.get(to ?? "");
      if (there && id !== undefined && !there.has(decodeURIComponent(id))) {
        dead.push(`${path}: ${href}`);
      }
    }
  }
  assertEquals(dead, []);
});

Deno.test("GET /accuracy shows the figures that are asked for, with their sources", async () => {
  const all = await visit("/accuracy");
  const some = await visit("/accuracy?counter=device_peak&task=train");
  const count = (document: Document): number =>
    Number(/^\d+/.exec(textOf(only(document, "#measured strong")))?.[0]);
  assert(count(some.document) > 0);
  assert(count(all.document) > count(some.document));
  const rows = [...some.document.querySelectorAll("tbody tr")];
  assert(rows.length > 0);
  for (const row of rows) {
    assertEquals(textOf(row.children[1] ?? null), "device, peak");
    assertMatch(textOf(row.children[4] ?? null), /\w+\/\w+/);
  }
  assertMatch(
    only(all.document, ".points > svg").getAttribute("aria-label") ?? "",
    /half are within [\d.]+ %, 95 of 100 within/,
  );
});

Deno.test("GET /accuracy names what it does not know, and what there is", async () => {
  const { status, document } = await visit("/accuracy?counter=x&task=eat");
  assertEquals(status, 422);
  const said = textOf(only(document, "[role=alert]"));
  assertMatch(
    said,
    /counter must be one of allocated_peak, .*: current value is "x"/,
  );
  assertMatch(said, /task must be one of train, serve: current value is "eat"/);
});
