import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { app, createApp } from "../../app.ts";
import { openHub } from "../../hub/mod.ts";
import { PRESETS } from "../../lib/mod.ts";
import { startFakeHub } from "../hub/fake_hub.ts";
import { CONFIG, DIMS } from "./fields.ts";
import { address, documentOf, only, textOf, visit } from "./visit.ts";
import { cellsOf, MEMORY } from "./tables.ts";

Deno.test("GET /tables shows every data type by use, as the document prints it", async () => {
  const { status, document } = await visit(
    "/tables?model=microsoft/DialoGPT-medium&count=dimensions",
  );
  assertEquals(status, 200);
  assertEquals(cellsOf(document, MEMORY).slice(0, 5), [
    ["fp32", "4", "1.51 GiB", "1.81 GiB", "7.84 GiB", "1.84 GiB"],
    ["fp16", "2", "0.75 GiB", "0.91 GiB", "3.92 GiB", "0.94 GiB"],
    ["bf16", "2", "0.75 GiB", "0.91 GiB", "3.92 GiB", "0.94 GiB"],
    ["fp8", "1", "0.38 GiB", "0.45 GiB", "1.96 GiB", "0.48 GiB"],
    ["int8", "1", "0.38 GiB", "0.45 GiB", "1.96 GiB", "0.48 GiB"],
  ]);
  const names = cellsOf(document, MEMORY).map(([name]) => name);
  assert(names.includes("mxfp4 with its scales"));
  assert(names.includes("nvfp4 with its scales"));
  assertMatch(
    textOf(only(document, "#answer")),
    /404,966,400 parameters by dimensions; its tensors have 354,823,168/,
  );
});

Deno.test("GET /tables has a model before anything is typed", async () => {
  const { status, document } = await visit("/tables");
  assertEquals(status, 200);
  const { model } = PRESETS[0].scenario;
  assertEquals(only(document, "#f-model").getAttribute("value"), model);
  assertStringIncludes(
    textOf(only(document, "#memory-title")),
    String(model).replace(/^.*\//, ""),
  );
});

Deno.test("GET /tables recommends GPUs and says what is too small", async () => {
  const { document } = await visit("/tables?model=mistralai/Mistral-7B-v0.1");
  const gpus = cellsOf(document, "Table of GPUs");
  assertEquals(gpus[0], [
    "RTX 4090",
    "24 GB",
    "23.52 GiB",
    "✓ fits",
    "✕ too small",
    "✓ fits",
  ]);
  assertMatch(
    textOf(only(document, ".least")),
    /Inference: 16\.19 GiB, a GPU of 24 GB\+ ?Training: 70\.14 GiB, a GPU of 80 GB\+/,
  );
  assertEquals(
    cellsOf(document, "Table of parallel strategies").length,
    14,
  );
});

Deno.test("GET /tables sets the other methods beside, which know batch and length", async () => {
  const timeline = async (query: string) => {
    const { document } = await visit(`/tables?model=gpt2&${query}`);
    const row = cellsOf(document, "Table of methods")
      .find(([name]) => name === "timeline");
    assert(row);
    return parseFloat(row[2] ?? "");
  };
  const one = await timeline("");
  assert(one > 0);
  assert(await timeline("batch_size=16") > one);
  const { document } = await visit("/tables?model=gpt2");
  const links = [...document.querySelectorAll("#answer thead a")].map((link) =>
    link.getAttribute("href") ?? ""
  );
  assertEquals(links.length, 3);
  for (const link of links) {
    const response = await app.request(link);
    await response.body?.cancel();
    assertEquals(response.status, 200, link);
  }
});

Deno.test("GET /tables keeps in the form what the address says", async () => {
  const { document } = await visit(
    "/tables?model=gpt2&dtype=int4&lora_rank=128&count=dimensions&sequence_length=4k",
  );
  const value = (name: string) => {
    const control = only(document, `#f-${name}`);
    return control.getAttribute("value") ??
      control.querySelector("option[selected]")?.getAttribute("value");
  };
  assertEquals(value("model"), "gpt2");
  assertEquals(value("dtype"), "int4");
  assertEquals(value("lora_rank"), "128");
  assertEquals(value("count"), "dimensions");
  assertEquals(value("sequence_length"), "4k");
  assertEquals(cellsOf(document, MEMORY).map(([name]) => name), ["int4"]);
  assertMatch(textOf(only(document, "#answer")), /LoRA of rank 128/);
});

Deno.test("GET /tables/answer is the answer alone, and tells the address", async () => {
  const response = await app.request(
    "/tables/answer?model=gpt2&dtype=&lora_rank=8&batch_size=1&sequence_length=4k&count=tensors",
  );
  assertEquals(response.status, 200);
  assertEquals(
    response.headers.get("hx-replace-url"),
    "/tables?model=openai-community/gpt2&lora_rank=8&sequence_length=4096"
      .replace("openai-community/gpt2", "gpt2"),
  );
  const document = documentOf(await response.text());
  assertEquals(document.querySelectorAll("form").length, 0);
  assert(cellsOf(document, MEMORY).length > 8);
});

Deno.test("GET /tables names the field, the limit and the value, and keeps what was typed", async () => {
  const { status, document } = await visit(
    "/tables?model=gpt2&lora_rank=0&dtype=fp3&batch_size=many&extra.x=1",
  );
  assertEquals(status, 422);
  const said = textOf(only(document, "#answer"));
  for (
    const message of [
      'lora_rank must be at least 1: current value is "0"',
      /dtype must be one of fp32, .*: current value is "fp3"/,
      'batch_size must be a number: current value is "many"',
      "extra is not a field of a table",
    ]
  ) assert(said.search(message) >= 0, `${message} in ${said}`);
  const rank = only(document, "#f-lora_rank");
  assertEquals(rank.getAttribute("value"), "0");
  assertEquals(rank.getAttribute("aria-invalid"), "true");
  assertMatch(textOf(only(document, "#f-lora_rank-error")), /at least 1/);
});

Deno.test("GET /tables takes a described model along", async () => {
  for (
    const fields of [
      DIMS,
      { "model.config": JSON.stringify(CONFIG) },
    ]
  ) {
    const { status, document } = await visit(address("/tables", fields));
    assertEquals(status, 200);
    for (const [name, value] of Object.entries(fields)) {
      assertEquals(
        only(document, `input[name="${name}"]`).getAttribute("value"),
        value,
      );
    }
  }
});

Deno.test("GET /tables refuses an unknown model in words", async () => {
  const { status, document } = await visit("/tables?model=nope");
  assertEquals(status, 422);
  assertMatch(
    textOf(only(document, "#answer")),
    /model must be in the catalogue: current value is "nope"/,
  );
});

Deno.test("GET /tables looks a model up when it is loaded, not while its name is typed", async () => {
  await using hub = startFakeHub({
    "a/b": {
      config: {
        model_type: "llama",
        hidden_size: 64,
        intermediate_size: 96,
        num_hidden_layers: 3,
        num_attention_heads: 4,
        vocab_size: 320,
      },
    },
  });
  const own = createApp(openHub(hub));
  const typing = await own.request("/tables/answer?model=a/b");
  assertEquals(typing.status, 422);
  assertMatch(await typing.text(), /href="\/tables\?model=a%2Fb"/);
  assertEquals(hub.asked, []);
  const stands = await own.request("/tables/answer?model=a/b&look_up=a/b");
  assertEquals(stands.status, 200);
  await stands.body?.cancel();
  assertEquals(
    stands.headers.get("hx-replace-url"),
    "/tables?model=a/b",
  );
  const page = await own.request("/tables?model=a/b");
  assertEquals(page.status, 200);
  assertMatch(await page.text(), /a\/b by data type and use/);
  const answer = await own.request("/tables/answer?model=a/b&lora_rank=8");
  assertEquals(answer.status, 200);
  await answer.body?.cancel();
});

Deno.test("GET / leads to the tables", async () => {
  const { document } = await visit("/?model=llama2-7b");
  only(document, "nav a[href='/tables?model=llama2-7b']");
});
