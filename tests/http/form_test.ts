/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { app } from "../../app.ts";
import {
  DEFAULT_SCENARIO,
  fromQuery,
  parseScenario,
  PRESETS,
  toQuery,
} from "../../lib/mod.ts";
import { readPageQuery } from "../../routes/page_query.ts";
import { CONFIG, DIMS } from "./fields.ts";
import { address, held, sentBy, visit } from "./visit.ts";

/** One text for a field of each kind, none of them its default. */
const FILLED: Record<string, string> = {
  "model": "mistralai/Mistral-7B-v0.1",
  "task": "train",
  "train.method": "qlora",
  "train.micro_batch": "3",
  "train.sequence_length": "8192",
  "train.lora.rank": "64",
  "train.lora.targets": "q_proj,v_proj",
  "train.lora.modules_to_save": "lm_head,",
  "train.lora.trainable_parameters": "1234567",
  "train.padding_mask": "true",
  "train.image_size": "336,224",
  "precision.autocast": "bf16",
  "quantization.weights": "nf4-dq",
  "quantization.kbit_upcast": "false",
  "optimizer.name": "lion",
  "optimizer.bits": "8",
  "parallel.gpus": "4",
  "parallel.tp": "2",
  "engine.name": "deepspeed",
  "engine.zero_stage": "3",
  "engine.distributed_optimizer": "false",
  "serve.cache_tokens": "32768",
  "hardware.gpu": "RTX 4090",
  "software.torch": "2.6.0+cu124",
  "overheads.cuda_context_gib": "0.5",
  "factors.mlp_act_factor": "4.5",
  "factors.kv_cache": "true",
};

Deno.test("GET / fills the form from the query", async () => {
  const { document } = await visit(
    await redirectOf(address("/", FILLED)),
  );
  for (const [path, text] of Object.entries(FILLED)) {
    assertEquals(held(document, path), text, path);
  }
});

Deno.test("GET / fills every other control with its default", async () => {
  const { document } = await visit("/?model=llama2-7b");
  const { ok: _, ...result } = parseScenario(
    readPageQuery(sentBy(document)).input,
  );
  assertEquals(result, {
    value: { ...DEFAULT_SCENARIO, model: "llama2-7b" },
  });
});

const WHOLE: [name: string, fields: Record<string, string>][] = [
  ["a name", { model: "llama2-7b" }],
  ["dimensions", { ...DIMS, "model.dims.gated_mlp": "false" }],
  ["a config.json", { "model.config": JSON.stringify(CONFIG) }],
  ["a GPU's memory", { model: "llama2-7b", "hardware.gpu.memory_gib": "79.3" }],
  ["many fields", FILLED],
  ...PRESETS.map(({ id, scenario }): [string, Record<string, string>] => {
    const result = parseScenario(scenario);
    assert(result.ok);
    return [
      `the example ${id}`,
      Object.fromEntries(new URLSearchParams(toQuery(result.value))),
    ];
  }),
];

for (const [name, fields] of WHOLE) {
  Deno.test(`GET / takes its own form back: ${name}`, async () => {
    const result = parseScenario(fromQuery(new URLSearchParams(fields)));
    assert(result.ok, JSON.stringify(result));
    const canonical = `/?${toQuery(result.value)}`;
    const shown = await visit(canonical);
    assertEquals(shown.status, 200);
    const sent = `/?${sentBy(shown.document)}`;
    assertEquals(await redirectOf(sent), canonical);
  });
}

const NOT_CANONICAL: [name: string, query: string, canonical: string][] = [
  ["blanks", "model=llama2-7b&train.micro_batch=", "model=llama2-7b"],
  ["defaults", "model=llama2-7b&train.micro_batch=1", "model=llama2-7b"],
  [
    "a tick box that is on",
    "model=llama2-7b&train.padding_mask=false&train.padding_mask=true",
    "model=llama2-7b&train.padding_mask=true",
  ],
  [
    "another order",
    "train.micro_batch=2&model=llama2-7b",
    "model=llama2-7b&train.micro_batch=2",
  ],
  [
    "human numbers",
    "model=llama2-7b&train.sequence_length=4k&hardware.gpu.memory_gib=24GiB",
    "model=llama2-7b&train.sequence_length=4096&hardware.gpu.memory_gib=24",
  ],
  [
    "a GPU and its memory, which wins",
    "model=llama2-7b&hardware.gpu=H200&hardware.gpu.memory_gib=24",
    "model=llama2-7b&hardware.gpu.memory_gib=24",
  ],
  ["what trackers add", "model=llama2-7b&utm_source=x", "model=llama2-7b"],
  ["space around", "model=+llama2-7b+", "model=llama2-7b"],
];

for (const [name, query, canonical] of NOT_CANONICAL) {
  Deno.test(`GET / moves a query with ${name} to its address`, async () => {
    assertEquals(await redirectOf(`/?${query}`), `/?${canonical}`);
    const there = await app.request(`/?${canonical}`);
    assertEquals(there.status, 200);
    await there.body?.cancel();
  });
}

Deno.test("GET / answers the host's own parameters without moving", async () => {
  for (const query of ["__theme=dark", "utm_source=x&fbclid=1", "task="]) {
    const response = await app.request(`/?${query}`);
    assertEquals(response.status, 200, query);
    await response.body?.cancel();
  }
});

Deno.test("GET / opens the folded group of a model that was described", async () => {
  const folded = (document: Document): boolean =>
    document.querySelector("#scenario details.group")?.hasAttribute("open") ===
      false;
  assert(folded((await visit("/")).document));
  assert(!folded((await visit(address("/", DIMS))).document));
});

async function redirectOf(path: string): Promise<string> {
  const response = await app.request(path);
  assertEquals(response.status, 303, path);
  await response.body?.cancel();
  return response.headers.get("location") ?? "";
}
