import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { app } from "../../app.ts";
import type { ScenarioInput } from "../../lib/mod.ts";
import { estimate, fieldAt, formatBytes, putAt } from "../../lib/mod.ts";
import { TOLD_FIELDS } from "../../routes/mcp/estimate_tools.ts";
import { call, withClient } from "./mcp.ts";

Deno.test("MCP's client lists the tools, with what each takes", async () => {
  await withClient(async (client) => {
    const { tools } = await client.listTools();
    assertEquals(tools.map(({ name }) => name).sort(), [
      "advise",
      "compare",
      "estimate_memory",
      "explain_error",
      "find_gpu",
      "find_model",
      "import_config",
      "largest",
      "strategies",
    ]);
    for (const { name, description, inputSchema } of tools) {
      assert((description ?? "").length > 40, name);
      assertEquals(inputSchema.type, "object");
    }
    assert(JSON.stringify(tools).length < 16_000);
    assertEquals(client.getServerVersion()?.name, "headroom");
  });
});

Deno.test("the fields that agents are told of are a Scenario's", async () => {
  for (const path of TOLD_FIELDS) assert(fieldAt(path), path);
  const { tools } = await withClient((client) => client.listTools());
  const tool = tools.find(({ name }) => name === "estimate_memory");
  for (const path of TOLD_FIELDS) {
    // deno-lint-ignore no-explicit-any
    let at: any = tool?.inputSchema;
    for (const key of path.split(".")) at = at?.properties?.[key];
    assert(at, `${path} is not told`);
    assert(typeof at.description === "string", path);
  }
});

Deno.test("estimate_memory answers what the library does, in short", async () => {
  const scenario: ScenarioInput = {
    model: "llama3.1-8b",
    train: { method: "qlora", checkpointing: "full" },
    hardware: { gpu: "RTX 4090" },
  };
  const { value } = await call("estimate_memory", { ...scenario });
  const whole = estimate(scenario);
  assertEquals(value.peak_bytes, whole.memory.device_peak_bytes);
  assertEquals(value.fits, whole.fit[0]?.fits);
  assertEquals(value.gpu, "RTX 4090");
  assertStringIncludes(value.verdict, "on RTX 4090");
  assertStringIncludes(
    value.verdict,
    formatBytes(whole.memory.device_peak_bytes),
  );
  const sum = value.parts.reduce(
    (total: number, { bytes }: { bytes: number }) => total + bytes,
    0,
  );
  assertEquals(sum, whole.memory.allocated_peak_bytes);
  const page = await app.request(value.page);
  assertEquals(page.status, 200);
  await page.body?.cancel();
});

Deno.test("estimate_memory says how an engine serves, and names the smallest GPU", async () => {
  const { value } = await call("estimate_memory", {
    model: "llama3.1-70b",
    task: "serve",
    serve: { engine: "vllm" },
    hardware: { gpu: "RTX 4090" },
  });
  assertEquals(value.fits, false);
  assertEquals(value.serve.engine, "vllm");
  assertEquals(value.serve.starts, false);
  assert(value.serve.refusal.length > 10);
  const other = await call("estimate_memory", {
    model: "llama3.1-70b",
    task: "serve",
    serve: { engine: "vllm" },
    hardware: { gpu: value.smallest_gpu },
  });
  assertEquals(other.value.fits, true);
});

Deno.test("a tool refuses in the words of every other door, and the session goes on", async () => {
  const wrong: [string, Record<string, unknown>, string][] = [
    ["estimate_memory", {
      model: "gpt2",
      train: { micro_batch: 0 },
    }, "train.micro_batch"],
    ["estimate_memory", { model: "gpt2", colour: 1 }, "colour"],
    ["estimate_memory", {}, "model"],
    ["largest", { scenario: { model: "gpt2" }, field: "x" }, "field"],
    ["largest", { scenario: { model: "gpt2" }, colour: 1 }, "colour"],
    ["compare", { scenarios: [] }, "scenarios"],
    [
      "compare",
      { scenarios: [{ model: "gpt2", task: "x" }] },
      "scenarios.0.task",
    ],
    ["strategies", { scenario: { model: "gpt2" }, gpus: 0.5 }, "gpus"],
    ["find_model", { query: 5 }, "query"],
    ["find_gpu", { query: "x".repeat(201) }, "query"],
    ["import_config", { text: "" }, "text"],
  ];
  for (const [name, sent, path] of wrong) {
    const { isError, value } = await call(name, sent);
    assertEquals(isError, true, name);
    assertEquals(value.error.path, path, name);
    assertStringIncludes(value.error.message, path.split(".").at(-1) ?? "");
  }
});

Deno.test("largest finds what estimate_memory agrees with", async () => {
  const scenario = {
    model: "llama3.1-8b",
    train: { method: "lora", checkpointing: "full" },
    hardware: { gpu: "RTX 4090" },
  };
  const { value } = await call("largest", { scenario });
  assertEquals(value.field, "train.micro_batch");
  const at = async (micro_batch: number): Promise<boolean> => {
    const train = { ...scenario.train, micro_batch };
    return (await call("estimate_memory", { ...scenario, train })).value.fits;
  };
  assertEquals(await at(value.value), true);
  assertEquals(await at(value.next.value), false);
});

Deno.test("advise names changes that estimate_memory agrees with", async () => {
  const scenario = { model: "llama3.1-8b", hardware: { gpu: "RTX 4090" } };
  const { value } = await call("advise", { scenario });
  assertEquals(value.now.fits, false);
  assert(value.changes.length > 0);
  const together: Record<string, unknown> = { ...scenario };
  for (const [path, each] of Object.entries(value.together.set)) {
    putAt(together, path, each);
  }
  const after = await call("estimate_memory", together);
  assertEquals(after.value.fits, true);
});

Deno.test("compare says in what scenarios differ", async () => {
  const { value } = await call("compare", {
    scenarios: [
      { model: "gpt2" },
      { model: "gpt2", train: { micro_batch: 4 } },
    ],
  });
  assertEquals(value.differences, [
    { path: "train.micro_batch", values: [1, 4] },
  ]);
  const [one, four] = value.answers;
  assert(one.peak_bytes < four.peak_bytes);
});

Deno.test("strategies are ways that estimate_memory answers alike", async () => {
  const { value } = await call("strategies", {
    scenario: { model: "llama3.1-8b", hardware: { gpu: "A100-80GB" } },
    gpus: 8,
  });
  assertEquals(value.layouts.length, 10);
  assert(value.fitting > 0 && value.tried > 20);
  const [least] = value.layouts;
  assertEquals(least.fits, true);
  assertEquals(least.set["parallel.gpus"], 8);
});

Deno.test("find_model and find_gpu know names that estimate_memory takes", async () => {
  const models = await call("find_model", { query: "qwen3 32b" });
  assertEquals(models.value.models[0].id, "Qwen/Qwen3-32B");
  const gpus = await call("find_gpu", { query: "4090" });
  assertEquals(gpus.value.gpus[0].name, "RTX 4090");
  const { isError } = await call("estimate_memory", {
    model: models.value.models[0].id,
    hardware: { gpu: gpus.value.gpus[0].name },
  });
  assertEquals(isError, false);
  const near = await call("find_model", { query: "Qwem/Qwem3-32B" });
  assertEquals(near.value.models, []);
  assert(near.value.similar.includes("Qwen/Qwen3-32B"));
  const all = await call("find_gpu", { query: "nvidia" });
  assertEquals(all.value.gpus.length, 12);
  assert(all.value.more > 20);
});

Deno.test("import_config makes a scenario of a file, which can be estimated", async () => {
  const { value } = await call("import_config", {
    text: "base_model: Qwen/Qwen3-8B\nadapter: lora\nmicro_batch_size: 2\n",
  });
  assertEquals(value.scenario.model, "Qwen/Qwen3-8B");
  assertEquals(value.scenario.train.micro_batch, 2);
  const { isError } = await call("estimate_memory", value.scenario);
  assertEquals(isError, false);
});

Deno.test("agents are answered at Gradio's address too", async () => {
  for (const path of ["/gradio_api/mcp", "/gradio_api/mcp/"]) {
    const tools = await withClient(
      (client) => client.listTools(),
      "legacy",
      path,
    );
    assertEquals(tools.tools.length, 9);
  }
});
