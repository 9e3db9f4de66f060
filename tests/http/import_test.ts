/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { app } from "../../app.ts";
import { dangersOf } from "./markup.ts";
import { errorsOf, post, send } from "./imports.ts";
import { held, only, textOf, visit } from "./visit.ts";

const AXOLOTL =
  "base_model: meta-llama/Llama-2-7b-hf\nadapter: lora\nlora_r: 12\nmade_up: '<b>'\n";
const DEEPSPEED =
  `{"zero_optimization": {"stage": 2}, "train_micro_batch_size_per_gpu": 3}`;

Deno.test("POST /import fills the form and shows what became of each setting", async () => {
  const { status, document, html } = await send({ configuration: AXOLOTL });
  assertEquals(status, 200);
  assertEquals(held(document, "train.lora.rank"), "12");
  assertEquals(held(document, "model"), "meta-llama/Llama-2-7b-hf");
  const lists = textOf(only(document, ".imported"));
  assertMatch(lists, /From Axolotl/);
  assertMatch(lists, /lora_r = 12 → train\.lora\.rank: 12/);
  assertMatch(lists, /made_up = "<b>" \(not known: may move memory\)/);
  assertMatch(lists, /train\.micro_batch: 1 \(micro_batch_size is 1/);
  assert(only(document, "#answer .verdict"));
  assertEquals(dangersOf(html), []);
  assertEquals(errorsOf(html), []);
  const address = only(document, ".imported a").getAttribute("href") ?? "";
  const again = await visit(address);
  assertEquals(again.status, 200);
  assertEquals(held(again.document, "train.lora.rank"), "12");
});

Deno.test("POST /import reads files, then what is pasted", async () => {
  const { status, document } = await send({
    configuration: "per_device_train_batch_size: 5",
    model: "gpt2",
  }, [
    new File([DEEPSPEED], "ds.json"),
    new File(["distributed_type: DEEPSPEED\nnum_processes: 4"], "acc.yaml"),
  ]);
  assertEquals(status, 200);
  assertEquals(held(document, "train.micro_batch"), "5");
  assertEquals(held(document, "parallel.gpus"), "4");
  assertEquals(held(document, "engine.zero_stage"), "2");
  assertEquals(held(document, "model"), "gpt2");
  assertMatch(
    textOf(only(document, ".imported h2")),
    /^From ds\.json \(DeepSpeed\), acc\.yaml \(accelerate\), TrainingArguments$/,
  );
});

Deno.test("POST /import sets a log's figures beside the estimate", async () => {
  const { status, document, html } = await send({}, [
    new File([
      await Deno.readTextFile("tests/truth/configurations/vllm_v1.log"),
    ], "vllm.log"),
  ]);
  assertEquals(status, 200);
  assertEquals(held(document, "serve.engine"), "vllm");
  assertMatch(textOf(only(document, ".imported h2")), /^From vllm\.log \(vLLM/);
  const beside = only(document, "[aria-labelledby=beside-log-title]");
  assertMatch(textOf(beside), /459,392/);
  assertEquals(dangersOf(html), []);
  assertEquals(errorsOf(html), []);
});

const BINARY = new Uint8Array([0x80, 0, 0xff, 0x7b]);

const REFUSED: [
  what: string,
  fields: Record<string, string>,
  files: File[],
  reason: RegExp,
][] = [
  ["nothing", {}, [], /must not be empty: paste it, or choose its file/],
  [
    "an empty file",
    {},
    [new File([""], "x.yaml")],
    /x\.yaml: configuration must not be empty/,
  ],
  [
    "no model",
    { configuration: DEEPSPEED },
    [],
    /model is missing: the configuration names none/,
  ],
  [
    "a binary file",
    {},
    [new File([BINARY], "a.bin")],
    /the file "a\.bin" is binary/,
  ],
  [
    "a file of five megabytes",
    {},
    [new File(["x".repeat(5_000_000)], "big.yaml")],
    /at most 1048576 bytes: the file "big\.yaml" has 5000000/,
  ],
  [
    "a wrong value",
    { configuration: "base_model: gpt2\nlora_r: <script>" },
    [],
    /lora_r: train\.lora\.rank must be a number: current value is "<script>"/,
  ],
  ["control characters", { configuration: "\u001b[31m: \u0007" }, [], /./],
];

for (const [what, fields, files, reason] of REFUSED) {
  Deno.test(`POST /import refuses ${what} and keeps what was sent`, async () => {
    const scenario = "model=llama2-7b&train.micro_batch=9";
    const { status, document, html } = await send(
      { ...fields, scenario },
      files,
    );
    assertEquals(status, 422);
    assertMatch(textOf(only(document, "#f-configuration-error")), reason);
    assert(only(document, "details.import").hasAttribute("open"));
    assertEquals(held(document, "train.micro_batch"), "9");
    if (!/\p{Cc}/u.test(fields["configuration"]?.replaceAll("\n", "") ?? "")) {
      assertEquals(
        only(document, "#f-configuration").textContent?.replaceAll("&lt;", "<")
          .replaceAll("&gt;", ">").replaceAll("&quot;", '"') ?? "",
        fields["configuration"] ?? "",
      );
    }
    assertEquals(dangersOf(html), []);
    assertEquals(errorsOf(html), []);
  });
}

Deno.test("POST /import tells the limit of a form that is too large", async () => {
  const body = new FormData();
  body.append("configuration", "x".repeat(9 * 1024 * 1024));
  const response = await app.request("/import", { method: "POST", body });
  assertEquals(response.status, 413);
  assertMatch(await response.text(), /at most 8388608 bytes with its form/);
});

Deno.test("GET /import leads to the page", async () => {
  const response = await app.request("/import");
  assertEquals(response.status, 303);
  assertEquals(response.headers.get("location"), "/");
});

Deno.test("POST /api/v1/import answers with the scenario and the lists", async () => {
  const response = await post("/api/v1/import", AXOLOTL);
  assertEquals(response.status, 200);
  const { formats, scenario, understood, ignored, assumed, warnings } =
    await response.json();
  assertEquals(formats, [{ id: "axolotl", title: "Axolotl" }]);
  assertEquals(scenario.train.lora, { dropout: 0, rank: 12 });
  assertEquals(understood[2], {
    key: "lora_r",
    value: "12",
    path: "train.lora.rank",
    becomes: "12",
  });
  assertEquals(ignored.map(({ key }: { key: string }) => key), ["made_up"]);
  assert(assumed.length > 0);
  assertEquals(warnings, [
    'made_up ("<b>") is left out: not known: may move memory',
  ]);
});

Deno.test("POST /api/v1/import takes several files as a form", async () => {
  const body = new FormData();
  body.append("configuration_file", new File([DEEPSPEED], "ds.json"));
  body.append("configuration", "optim: adafactor");
  const response = await app.request("/api/v1/import", {
    method: "POST",
    body,
  });
  assertEquals(response.status, 200);
  const { scenario } = await response.json();
  assertEquals(scenario.engine, { name: "deepspeed", zero_stage: 2 });
  assertEquals(scenario.optimizer.name, "adafactor");
  assertEquals("model" in scenario, false);
});

Deno.test("POST /api/v1/import refuses in the shape of the other doors", async () => {
  const refused = await post(
    "/api/v1/import?name=a.yaml",
    "bf16: perhaps\noptim: x",
  );
  assertEquals(refused.status, 422);
  const { error } = await refused.json();
  assertEquals(error.path, "bf16");
  assertEquals(
    error.message,
    'a.yaml: bf16 must be true or false: current value is "perhaps"',
  );
  const large = await post("/api/v1/import", "a: ".padEnd(5_000_000, "x"));
  assertEquals(large.status, 413);
  await large.body?.cancel();
  const long = await post("/api/v1/import", "a: ".padEnd(300_000, "x"));
  assertEquals(long.status, 422);
  await long.body?.cancel();
});

Deno.test("GET /export shows every configuration, and gives each as a file", async () => {
  const query =
    "model=meta-llama/Llama-2-7b-hf&parallel.gpus=8&engine.name=deepspeed&engine.zero_stage=2";
  const { status, document, html } = await visit(`/export?${query}`);
  assertEquals(status, 200);
  assertEquals(dangersOf(html), []);
  assertEquals(errorsOf(html), []);
  const links = [...document.querySelectorAll("a[download]")];
  assertEquals(links.length, 7);
  for (const link of links) {
    const path = link.getAttribute("href") ?? "";
    const response = await app.request(path);
    assertEquals(response.status, 200, path);
    assertEquals(
      response.headers.get("content-disposition"),
      `attachment; filename="${link.getAttribute("download")}"`,
    );
    const read = await post("/api/v1/import", await response.text());
    assertEquals(read.status, 200, path);
    const { scenario } = await read.json();
    assertEquals(scenario.engine.name, "deepspeed", path);
  }
});

Deno.test("GET /export refuses a scenario and a format by name", async () => {
  const { status, document } = await visit(
    "/export?model=gpt2&train.micro_batch=0",
  );
  assertEquals(status, 422);
  assertMatch(
    textOf(only(document, ".invalid")),
    /micro_batch must be at least 1/,
  );
  const other = await visit("/export?model=gpt2&format=toml");
  assertEquals(other.status, 422);
  assertMatch(
    textOf(only(other.document, ".invalid")),
    /format must be one of accelerate/,
  );
});

Deno.test("POST /api/v1/export writes a scenario, or says why not", async () => {
  const written = await post(
    "/api/v1/export?format=accelerate",
    JSON.stringify({ model: "gpt2", parallel: { gpus: 2 } }),
  );
  assertEquals(written.status, 200);
  const { text, notes, file, syntax } = await written.json();
  assertMatch(text, /^distributed_type: MULTI_GPU$/m);
  assertEquals(notes, ['model ("gpt2") has no place in it']);
  assertEquals([file, syntax], ["accelerate.yaml", "yaml"]);
  for (
    const [path, body, status] of [
      ["/api/v1/export", `{"model": "gpt2"}`, 422],
      ["/api/v1/export?format=axolotl", "no", 422],
      ["/api/v1/export?format=axolotl", `{"task": 1}`, 422],
    ] as const
  ) {
    const refused = await post(path, body);
    assertEquals(refused.status, status);
    assert((await refused.json()).error.message);
  }
});
