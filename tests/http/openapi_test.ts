import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { Validator } from "../npm/openapi_validator.ts";
import { app } from "../../app.ts";
import { DEFAULT_SCENARIO, FIELDS } from "../../lib/mod.ts";
import * as answers from "../../routes/openapi/answers.ts";
import { openApiDocument } from "../../routes/openapi/document.ts";
import { addresses } from "./requests.ts";
import { textOf, visit } from "./visit.ts";

// It is JSON, and read as its readers do.
// deno-lint-ignore no-explicit-any
const document: any = await (await app.request("/api/v1/openapi.json")).json();

Deno.test("/api/v1/openapi.json is OpenAPI 3.1", async () => {
  assertEquals(document.openapi, "3.1.0");
  const { valid, errors } = await new Validator().validate(document);
  assertEquals(valid, true, JSON.stringify(errors, null, 1));
  assertEquals(document, JSON.parse(JSON.stringify(openApiDocument())));
});

Deno.test("a document with a mistake is not OpenAPI", async () => {
  const { info: _, ...rest } = document;
  assertEquals((await new Validator().validate(rest)).valid, false);
});

Deno.test("/api/v1/openapi.json has every address of the API with its methods", () => {
  const own = addresses().filter(({ path }) => path.startsWith("/api/"))
    .map(({ path, methods }) => [path, [...methods].sort()]);
  const told = Object.entries<object>(document.paths)
    .map(([path, each]) => [
      path,
      Object.keys(each).map((method) => method.toUpperCase()).sort(),
    ]);
  assertEquals(Object.fromEntries(told), Object.fromEntries(own));
});

Deno.test("every reference of /api/v1/openapi.json leads somewhere", () => {
  const text = JSON.stringify(document);
  const refs = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]*)"/g)];
  assert(refs.length > 20);
  for (const [, name = ""] of refs) {
    assert(name in document.components.schemas, name);
  }
  assertEquals(text.match(/"\$ref":"(?!#\/components\/schemas\/)/g), null);
});

Deno.test("the Scenario of /api/v1/openapi.json has every field, and says of each what it is", () => {
  for (const { path } of FIELDS) {
    if (/^model\.|gpu\.memory_gib|kv_dtype\.|\.config|\.dims/.test(path)) {
      continue;
    }
    let at = document.components.schemas.Scenario;
    for (const key of path.split(".")) at = at?.properties?.[key];
    assert(at, `${path} is missing`);
    assert(typeof at.description === "string", `${path} is not described`);
  }
});

Deno.test("the Scenario's schema takes what the API takes, and refuses what it refuses", async () => {
  const schema = z.fromJSONSchema(document.components.schemas.Scenario);
  const cases: [unknown, boolean][] = [
    [{ model: "gpt2" }, true],
    [{ ...DEFAULT_SCENARIO, model: "gpt2" }, true],
    [{
      model: "gpt2",
      task: "serve",
      serve: { engine: "vllm", kv_dtype: "fp8" },
      hardware: { gpu: { memory_gib: 24 } },
    }, true],
    [{}, false],
    [{ model: "gpt2", colour: 1 }, false],
    [{ model: "gpt2", train: { micro_batch: 0 } }, false],
    [{ model: "gpt2", train: { method: "half" } }, false],
    [{ model: { dims: { layers: 2 } } }, false],
  ];
  for (const [input, isGood] of cases) {
    const text = JSON.stringify(input);
    const { success, error } = schema.safeParse(JSON.parse(text));
    assertEquals(success, isGood, `${text} ${error}`);
    const response = await app.request("/api/v1/estimate", {
      method: "POST",
      body: text,
    });
    await response.body?.cancel();
    assertEquals(response.status === 200, isGood, text);
  }
});

const SCENARIO = { model: "gpt2" };
const ERROR =
  "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.52 GiB of which 1.00 GiB is free. Process 7 has 3.00 GiB memory in use. Process 8 has 20.00 GiB memory in use. Of the allocated memory 19.00 GiB is allocated by PyTorch, and 100.00 MiB is reserved by PyTorch but unallocated.";

/** Requests, and the schema that is told of their answers. */
const ASKED: [path: string, body: unknown, schema: z.ZodType][] = [
  ["/api/v1/estimate", SCENARIO, answers.estimateAnswer],
  [
    "/api/v1/estimate?traffic=true&curve=true&opinions=true",
    { model: "llama2-7b", parallel: { gpus: 8 }, engine: { zero_stage: 2 } },
    answers.estimateAnswer,
  ],
  [
    "/api/v1/estimate?capacity=true",
    { model: "gpt2", task: "serve", serve: { engine: "vllm" } },
    answers.estimateAnswer,
  ],
  [
    "/api/v1/estimate",
    { model: "gpt2", method: "factors" },
    answers.estimateAnswer,
  ],
  ["/api/v1/evidence", { model: "llama2-7b" }, answers.evidenceAnswer],
  ["/api/v1/largest", { scenario: SCENARIO }, answers.largestAnswer],
  [
    "/api/v1/advice",
    { model: "llama2-7b", hardware: { gpu: "RTX 4090" } },
    answers.adviceAnswer,
  ],
  ["/api/v1/advice", SCENARIO, answers.adviceAnswer],
  ["/api/v1/explain", { text: ERROR }, answers.explainAnswer],
  [
    "/api/v1/explain",
    { text: ERROR, scenario: { model: "llama2-7b" } },
    answers.explainAnswer,
  ],
  ["/api/v1/explain", { text: "hello" }, answers.refusalAnswer],
  [
    "/api/v1/largest",
    { scenario: { model: "llama2-70b", hardware: { gpu: "RTX 4090" } } },
    answers.largestAnswer,
  ],
  [
    "/api/v1/compare",
    { scenarios: [SCENARIO, SCENARIO] },
    answers.comparedAnswer,
  ],
  [
    "/api/v1/strategies",
    { scenario: SCENARIO, gpus: 5 },
    answers.strategiesAnswer,
  ],
  [
    "/api/v1/import",
    { per_device_train_batch_size: 2, output_dir: "x", bf16: true },
    answers.importedAnswer,
  ],
  ["/api/v1/export?format=json", SCENARIO, answers.exportedAnswer],
  ["/api/v1/models", null, answers.modelsAnswer],
  ["/api/v1/gpus", null, answers.gpusAnswer],
  ["/api/v1/estimate?model=nope", null, answers.refusalAnswer],
  ["/api/v1/estimate", { task: 1, train: 1 }, answers.refusalAnswer],
];

for (const [path, body, schema] of ASKED) {
  Deno.test(`${path} answers as /api/v1/openapi.json says: ${JSON.stringify(body)}`, async () => {
    const response = await app.request(path, {
      ...(body === null ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    const { error } = schema.safeParse(await response.json());
    assertEquals(error, undefined);
    const isRefusal = schema === answers.refusalAnswer;
    assertEquals(response.status, isRefusal ? 422 : 200);
  });
}

Deno.test("/docs/api has every address, option and schema of the document", async () => {
  const { document: page } = await visit("/docs/api");
  const text = textOf(page.querySelector("main"));
  for (const [path, operations] of Object.entries(document.paths)) {
    assert(text.includes(path), path);
    // deno-lint-ignore no-explicit-any
    for (const { parameters = [] } of Object.values<any>(operations as any)) {
      for (const { name } of parameters) assert(text.includes(name), name);
    }
  }
  for (const name of Object.keys(document.components.schemas)) {
    assert(page.getElementById(name), name);
  }
  for (const link of page.querySelectorAll('main a[href^="#"]')) {
    const id = link.getAttribute("href")?.slice(1) ?? "";
    assert(page.getElementById(id), id);
  }
  assert(text.includes("serve.engine"));
});
