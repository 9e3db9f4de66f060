/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { app } from "../../app.ts";
import { CALCULATOR_PRESETS } from "../../lib/mod.ts";
import { held, only, textOf, visit } from "./visit.ts";

Deno.test("GET /presets lists every preset with its answer and a link that loads it", async () => {
  const { status, document } = await visit("/presets");
  assertEquals(status, 200);
  const rows = [...document.querySelectorAll("tbody tr")];
  assertEquals(rows.length, CALCULATOR_PRESETS.length);
  for (const [at, { id, title, config }] of CALCULATOR_PRESETS.entries()) {
    const row = rows[at];
    assert(row);
    const link = only(row, `a#${selectorOf(id)}`);
    assertEquals(textOf(link), title);
    const loaded = await visit(link.getAttribute("href") ?? "");
    assertEquals(loaded.status, 200, id);
    const { hardware, training } = config as Record<string, Values>;
    assertEquals(
      held(loaded.document, "parallel.gpus"),
      `${hardware?.["num_gpus"]}`,
    );
    assertEquals(
      held(loaded.document, "train.micro_batch"),
      `${training?.["batch_size"]}`,
    );
    const verdict = textOf(only(loaded.document, "#answer h2"));
    const [peak, state] = [2, 4].map((cell) =>
      textOf(row.children[cell] ?? null)
    );
    const said = textOf(
      only(loaded.document, "#answer .verdict p:not(.doubt)"),
    );
    assert(said.startsWith(`${peak} of `), `${said}, not ${peak}`);
    assert(verdict.startsWith(`${state} on `), `${verdict}, not ${state}`);
  }
});

type Values = Record<string, unknown>;

/** A preset's id as a selector may have it. */
function selectorOf(id: string): string {
  return `preset-${id}`.replaceAll(".", "\\.");
}

Deno.test("GET / leads to the presets", async () => {
  const { document } = await visit("/");
  const hrefs = [...document.querySelectorAll("header a")]
    .map((link) => link.getAttribute("href"));
  assert(hrefs.includes("/presets"));
});

Deno.test("GET / leads to its scenario's JSON, which is the scenario", async () => {
  const query =
    "model=meta-llama/Llama-2-7b-hf&train.lora.targets=q_proj,&train.micro_batch=2";
  const { document } = await visit(`/?${query}`);
  const link = [...document.querySelectorAll("#answer a")]
    .find((each) => each.getAttribute("href")?.startsWith("/scenario?"));
  assertEquals(link?.getAttribute("href"), `/scenario?${query}`);
  const page = await visit(`/scenario?${query}`);
  const shown = textOf(only(page.document, "#scenario-json"));
  const save = only(page.document, "a[download]");
  const saved = await app.request(save.getAttribute("href") ?? "");
  assertEquals(
    saved.headers.get("content-disposition"),
    'attachment; filename="headroom-meta-llama-Llama-2-7b-hf.json"',
  );
  const file = await saved.text();
  assertEquals(JSON.parse(file), JSON.parse(shown));
  assertEquals(JSON.parse(file), {
    model: "meta-llama/Llama-2-7b-hf",
    train: { micro_batch: 2, lora: { targets: ["q_proj"] } },
  });
  const answer = await app.request("/api/v1/estimate", {
    method: "POST",
    body: file,
  });
  assertEquals(answer.status, 200);
  const same = await app.request(`/api/v1/estimate?${query}`);
  assertEquals(await answer.json(), await same.json());
});

Deno.test("GET /scenario and /scenario.json refuse what is no scenario", async () => {
  const query = "?model=llama2-7b&train.micro_batch=0";
  const page = await visit(`/scenario${query}`);
  assertEquals(page.status, 422);
  assert(textOf(page.document.body).includes("must be at least 1"));
  const file = await app.request(`/scenario.json${query}`);
  assertEquals(file.status, 422);
  assertEquals((await file.json()).error.path, "train.micro_batch");
});

Deno.test("GET /scenario.json keeps a file's name to letters a disk takes", async () => {
  const response = await app.request(
    `/scenario.json?model=${encodeURIComponent('a"/../b\\ c')}`,
  );
  await response.body?.cancel();
  assertEquals(
    response.headers.get("content-disposition"),
    'attachment; filename="headroom-a-..-b-c.json"',
  );
});
