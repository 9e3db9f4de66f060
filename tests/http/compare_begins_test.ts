/// <reference lib="dom" />
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseScenario, PRESETS, toQuery } from "../../lib/mod.ts";
import { only, textOf, visit } from "./visit.ts";

Deno.test("GET /compare without a scenario begins with the first example", async () => {
  const { status, document } = await visit("/compare");
  assertEquals(status, 200);
  only(document, "#add");
  assertEquals(document.querySelectorAll(".scenarios > li").length, 3);
  assertStringIncludes(
    textOf(only(document, "#scenario-a h2")),
    PRESETS[0].title,
  );
});

Deno.test("GET /compare with one scenario sets two neighbours beside it", async () => {
  for (const { scenario } of PRESETS) {
    const parsed = parseScenario(scenario);
    assert(parsed.ok);
    const query = toQuery(parsed.value);
    const { status, document } = await visit(`/compare?${query}`);
    assertEquals(status, 200, query);
    assertEquals(document.querySelectorAll(".scenarios > li").length, 3, query);
    const change = only(document, 'a[aria-label="Change A"]');
    const back = new URL(change.getAttribute("href") ?? "", "http://localhost")
      .searchParams;
    back.delete("compare");
    assertEquals(String(back), String(new URLSearchParams(query)));
    const differing = only(document, "[aria-labelledby=settings-that-differ]");
    assert(differing.querySelectorAll("tbody tr").length > 1, query);
  }
});
