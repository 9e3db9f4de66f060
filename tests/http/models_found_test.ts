/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { app } from "../../app.ts";
import { CATALOGUE, searchModels } from "../../lib/mod.ts";
import { only, textOf, visit } from "./visit.ts";

async function found(query: string): Promise<{ ids: string[]; all: number }> {
  const response = await app.request(`/models/found?${query}`);
  assertEquals(response.status, 200);
  const html = await response.text();
  return {
    ids: [...html.matchAll(/<option value="([^"]+)"/g)].map(([, id]) =>
      id ?? ""
    ),
    all: Number(response.headers.get("Models-Found")),
  };
}

Deno.test("GET /models/found has the first models of what is typed, and counts all", async () => {
  const all = searchModels("qwen3").map(({ id }) => id);
  assert(all.length > 50);
  assertEquals(await found("model=qwen3"), {
    ids: all.slice(0, 50),
    all: all.length,
  });
  assertEquals(
    (await found("serve.draft.model=qwen3%208b")).ids[0],
    "Qwen/Qwen3-8B",
  );
  assertEquals((await found("model=")).all, CATALOGUE.length);
  assertEquals((await found("")).all, CATALOGUE.length);
  assertEquals(await found("model=a/b"), { ids: [], all: 0 });
  assertEquals(await found(`model=${"z".repeat(5000)}`), { ids: [], all: 0 });
});

Deno.test("a mistyped model is answered with links that mend it and keep the rest", async () => {
  const query = "model=Qwen%2FQwen3-8&train.micro_batch=3";
  for (const path of ["/", "/answer"]) {
    const { status, document } = await visit(`${path}?${query}`);
    assertEquals(status, 422);
    const meant = only(document, ".did-you-mean");
    assertEquals(
      textOf(meant).startsWith("Did you mean Qwen/Qwen3-8B, "),
      true,
    );
    const [first] = meant.querySelectorAll("a");
    const mended = new URL(first?.getAttribute("href") ?? "", "http://x");
    assertEquals(mended.searchParams.get("model"), "Qwen/Qwen3-8B");
    assertEquals(mended.searchParams.get("train.micro_batch"), "3");
    assertEquals((await visit(mended.pathname + mended.search)).status, 200);
  }
});

Deno.test("what is wrong beside a known model gets no other models", async () => {
  const { document } = await visit("/answer?model=gpt2&task=x");
  assertEquals(document.querySelectorAll(".did-you-mean").length, 0);
});
