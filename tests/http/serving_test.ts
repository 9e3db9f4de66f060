/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { app } from "../../app.ts";
import type { Estimate } from "../../lib/mod.ts";
import { estimate, fromQuery, parseScenario, toQuery } from "../../lib/mod.ts";
import { address, only, textOf, visit } from "./visit.ts";

const SERVED = {
  model: "meta-llama/Llama-3.1-8B",
  task: "serve",
  "serve.engine": "sglang",
  "serve.input_tokens": "4096",
  "hardware.gpu": "RTX 4090",
};

/** The page's address of fields. */
function page(fields: Record<string, string>): string {
  const parsed = parseScenario(fromQuery(new URLSearchParams(fields)));
  assert(parsed.ok);
  return `/?${toQuery(parsed.value)}`;
}

/** The same in JSON. */
const ASKED = {
  model: SERVED.model,
  task: "serve",
  serve: { engine: "sglang", input_tokens: 4096 },
  hardware: { gpu: "RTX 4090" },
} as const;

Deno.test("GET / says that an engine starts, and what its pool holds", async () => {
  const { serve, kv } = estimate(ASKED);
  assert(serve && kv);
  const { document } = await visit(page(SERVED));
  const tokens = (serve.kv_tokens ?? 0).toLocaleString("en");
  assertEquals(
    textOf(only(document, "#verdict-title")),
    `SGLang starts on RTX 4090 and holds ${tokens} tokens: ${kv.max_sequences} users at 4,224 tokens`,
  );
});

Deno.test("GET / says how many of the sequences wait", async () => {
  const { document } = await visit(page({ ...SERVED, "serve.batch": "500" }));
  const verdict = only(document, ".verdict");
  assert(verdict.classList.contains("tight"));
  assertMatch(textOf(verdict), /Of the 500 sequences asked for, \d+ run/);
});

Deno.test("GET / sets ten contexts against ten numbers of users", async () => {
  const { document } = await visit(page(SERVED));
  const table = only(document, "table.capacity");
  const rows = [...table.querySelectorAll("tbody tr")];
  const most = [...table.querySelectorAll("tfoot td")].map((cell) =>
    Number(textOf(cell).replaceAll(",", ""))
  );
  assertEquals([rows.length, most.length], [10, 10]);
  for (const row of rows) {
    const users = Number(textOf(row.querySelector("th")));
    assertEquals(
      [...row.querySelectorAll("td")].map((cell) =>
        cell.classList.contains("holds")
      ),
      most.map((each) => each >= users),
    );
  }
  const counts = most.join();
  assertEquals(counts, most.sort((a, b) => b - a).join());
});

Deno.test("GET / offers what would start where an engine does not", async () => {
  const { document } = await visit(page({
    ...SERVED,
    model: "meta-llama/Llama-3.1-70B",
    "hardware.gpu": "H100-80GB",
  }));
  assert(only(document, ".verdict").classList.contains("over"));
  assertMatch(
    textOf(only(document, "#verdict-title")),
    /^SGLang does not start on H100-80GB$/,
  );
  const { document: advice } = await visit(
    only(document, '#advice a[href^="/advice"]').getAttribute("href") ?? "",
  );
  const enough = [...advice.querySelectorAll("#advice li")]
    .filter((change) => textOf(change).includes("Fits:"));
  assert(enough.length > 0);
  for (const change of enough) {
    const way = await visit(only(change, "a").getAttribute("href") ?? "");
    assertMatch(
      textOf(only(way.document, "#verdict-title")),
      /^SGLang starts on /,
    );
  }
});

Deno.test("the form hides from serving what only training has", async () => {
  const { document } = await visit(page(SERVED));
  const hidden = (path: string) =>
    only(document, `[name="${path}"]:not([type="hidden"])`).closest(
      ".for-train",
    ) !== null;
  for (
    const path of ["optimizer.name", "engine.zero_stage", "train.lora.rank"]
  ) {
    assert(hidden(path), path);
  }
  for (const path of ["parallel.tp", "hardware.gpu", "quantization.weights"]) {
    assert(!hidden(path), path);
  }
});

Deno.test("the API gives contexts against users where they are asked for", async () => {
  const ask = async (query: string): Promise<Estimate> => {
    const response = await app.request(`/api/v1/estimate?${query}`, {
      method: "POST",
      body: JSON.stringify(ASKED),
    });
    return await response.json();
  };
  assertEquals((await ask("")).capacity, undefined);
  const { capacity, serve } = await ask("capacity=true");
  assertEquals(capacity?.contexts.length, 10);
  assertEquals(capacity?.contexts.at(-1)?.tokens, serve?.max_model_len);
  const response = await app.request(
    `${address("/api/v1/estimate", SERVED)}&capacity=true`,
  );
  const got: Estimate = await response.json();
  assertEquals(got.capacity, capacity);
});
