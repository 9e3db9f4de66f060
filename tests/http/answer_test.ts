/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  fromQuery,
  parseScenario,
  PRESETS,
  toQuery,
  tryEstimate,
} from "../../lib/mod.ts";
import { CONFIG, DIMS } from "./fields.ts";
import { address, only, sentBy, textOf, visit } from "./visit.ts";

function replacedUrl(headers: Headers): string {
  const url = headers.get("hx-replace-url") ?? "";
  assert(url.startsWith("/?"), url);
  return url;
}

Deno.test("GET /answer is the answer and nothing around it", async () => {
  const { status, headers, html } = await visit("/answer?model=llama2-7b");
  assertEquals(status, 200);
  assertMatch(headers.get("content-type") ?? "", /^text\/html; charset=utf-8/i);
  assertMatch(html, /^<section class="verdict/);
  assert(!/<(html|head|body|main|form|script|link|meta)\b/i.test(html));
});

Deno.test("GET /answer is what the page shows as its answer", async () => {
  for (const query of ["model=llama2-7b", "model=nope", "model=gpt2&task=x"]) {
    const page = await visit(`/?${query}`);
    const fragment = await visit(`/answer?${query}`);
    assertEquals(fragment.status, page.status);
    assertEquals(
      textOf(fragment.document.body),
      textOf(only(page.document, "#answer")),
    );
  }
});

Deno.test("GET /answer shows what the other methods say", async () => {
  const { document } = await visit("/answer?model=llama2-7b");
  const card = only(document, "#opinions");
  assertMatch(textOf(card), /factors\s*\d+\.\d\d GiB\s*\d+\.\d % (more|less)/);
});

const SCENARIOS: [name: string, fields: Record<string, string>][] = [
  ["a name", { model: "llama2-7b" }],
  ["dimensions", DIMS],
  ["a config.json", { "model.config": JSON.stringify(CONFIG) }],
  ["text in two alphabets", {
    "model.config": JSON.stringify({
      ...CONFIG,
      _name_or_path: "模型 é + & = #",
    }),
  }],
  ["a list of one", {
    "model": "llama2-7b",
    "train.method": "lora",
    "train.lora.targets": "q_proj,",
  }],
  ["a GPU's memory", { model: "llama2-7b", "hardware.gpu.memory_gib": "24" }],
];

for (const [name, fields] of SCENARIOS) {
  Deno.test(`GET /answer moves the address to the scenario: ${name}`, async () => {
    const asked = parseScenario(fromQuery(new URLSearchParams(fields)));
    assert(asked.ok);
    const { status, headers } = await visit(address("/answer", fields));
    assertEquals(status, 200);
    const url = replacedUrl(headers);
    assertEquals(url, `/?${toQuery(asked.value)}`);
    const back = parseScenario(fromQuery(new URLSearchParams(url.slice(2))));
    assertEquals(back, asked);
    assertEquals((await visit(url)).status, 200);
  });
}

for (const { id, scenario } of PRESETS) {
  Deno.test(`GET /answer takes the whole form of the example ${id}`, async () => {
    const parsed = parseScenario(scenario);
    assert(parsed.ok);
    const query = toQuery(parsed.value);
    const page = await visit(`/?${query}`);
    const { status, headers } = await visit(`/answer?${sentBy(page.document)}`);
    assertEquals(status, 200);
    assertEquals(replacedUrl(headers), `/?${query}`);
  });
}

const WRONG: [query: string, field: string, limit: string, value: string][] = [
  ["model=nope", "model", "must be in the catalogue", `"nope"`],
  ["train.micro_batch=0", "train.micro_batch", "must be at least 1", `"0"`],
  ["train.micro_batch=1.5", "train.micro_batch", "a whole number", `"1.5"`],
  ["train.lora.rank=1e9", "train.lora.rank", "must be at most 65536", `"1e9"`],
  ["task=eval", "task", "must be one of train, serve", `"eval"`],
  ["train.padding_mask=?", "train.padding_mask", "true or false", `"?"`],
  ["train.image_size=0x448", "train.image_size", "must be at least 1", `"0`],
  ["hardware.gpu=A10000", "hardware.gpu", "must be in the catalogue", "A10000"],
  ["hardware.gpu.memory_gib=1e9", "hardware.gpu.memory_gib", "65536", "1e9"],
  ["hardware.gpu.memory_gib=x", "hardware.gpu.memory_gib", "a number", `"x"`],
  ["engine.zero_stage=4", "engine.zero_stage", "must be at most 3", `"4"`],
  ["optimizer.bits=16", "optimizer.bits", "must be one of 32, 8, 4", "16"],
  ["software.torch=a+b", "software.torch", "must be a version", `"a b"`],
  ["parallel.gpus=3&parallel.tp=2", "parallel.gpus", "multiple of", "3"],
  ["quantization.weights=int5", "quantization.weights", "gguf:TYPE", "int5"],
  ["trian.rank=1", "trian", "is not a field of a scenario", "trian"],
];

for (const [query, field, limit, value] of WRONG) {
  Deno.test(`GET /answer refuses ${query} by field, limit and value`, async () => {
    const model = query.startsWith("model") ? "" : "model=llama2-7b&";
    const { status, document } = await visit(`/answer?${model}${query}`);
    assertEquals(status, 422);
    const problem = only(document, "[data-problem]");
    assertEquals(problem.getAttribute("data-problem"), field);
    const message = textOf(problem);
    for (const part of [field, limit, value]) {
      assert(message.includes(part), `"${message}" does not say ${part}`);
    }
  });
}

Deno.test("GET /answer says every problem at once", async () => {
  const { status, document, html } = await visit(
    "/answer?model=llama2-7b&train.micro_batch=0&task=x&train.lora.rank=-1",
  );
  assertEquals(status, 422);
  const problems = [...document.querySelectorAll("[data-problem]")];
  assertEquals(
    problems.map((problem) => problem.getAttribute("data-problem")).sort(),
    ["task", "train.lora.rank", "train.micro_batch"],
  );
  assertEquals(textOf(only(document, "h2")), "3 settings cannot be used");
  assert(!/<(html|body|form)\b/.test(html));
});

Deno.test("GET /answer keeps what was typed in the address of a mistake", async () => {
  const typed = {
    "model": "llama2-7b",
    "train.micro_batch": " 4 ",
    "train.sequence_length": "lots & more = 5 + #1 %",
    "train.lora.targets": "模型,é",
    "train.padding_mask": "maybe",
    "software.torch": "a\r\nSet-Cookie: b",
  };
  const { status, headers } = await visit(address("/answer", typed));
  assertEquals(status, 422);
  assertEquals(headers.get("set-cookie"), null);
  const url = replacedUrl(headers);
  assertEquals(Object.fromEntries(new URLSearchParams(url.slice(2))), typed);
  const page = await visit(url);
  assertEquals(page.status, 422);
});

Deno.test("GET /answer leaves blanks and defaults out of a mistake's address", async () => {
  const { document } = await visit("/?model=llama2-7b");
  const form = sentBy(document);
  form.set("train.micro_batch", "many");
  const { status, headers } = await visit(`/answer?${form}`);
  assertEquals(status, 422);
  assertEquals(
    replacedUrl(headers),
    "/?model=llama2-7b&train.micro_batch=many",
  );
});

Deno.test("GET /answer of a mistake has the address that leads to the same mistake", async () => {
  for (
    const query of [
      "model=llama2-7b&hardware.gpu.memory_gib=x&hardware.gpu=A100-80GB",
      "model=llama2-7b&hardware.gpu=A100-80GB&hardware.gpu.memory_gib=x",
      "model=&model.dims.layers=x",
      "model=nope&train.padding_mask=false&train.padding_mask=true",
      "model=nope&engine.distributed_optimizer=false",
    ]
  ) {
    const { status, headers } = await visit(`/answer?${query}`);
    const before = tryEstimate(fromQuery(new URLSearchParams(query)));
    assertEquals(status, before.ok ? 200 : 422);
    const url = replacedUrl(headers);
    const after = tryEstimate(fromQuery(new URLSearchParams(url.slice(2))));
    assertEquals(after, before, query);
  }
});

Deno.test("GET /answer asks for a model where there is none", async () => {
  const { status, document } = await visit("/answer");
  assertEquals(status, 422);
  assertMatch(textOf(only(document, "[data-problem=model]")), /is missing/);
});
