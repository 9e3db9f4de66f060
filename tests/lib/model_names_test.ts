import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  CATALOGUE,
  estimate,
  findModel,
  searchModels,
  similarModels,
  tryEstimate,
} from "../../lib/mod.ts";
import { familyOf } from "../../lib/models/families/mod.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { assertOk } from "./results.ts";

const FOUND: [name: string, id: string][] = [
  ["meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.1-8B"],
  ["META-LLAMA/LLAMA-3.1-8B", "meta-llama/Llama-3.1-8B"],
  [" meta-llama/Llama-3.1-8B ", "meta-llama/Llama-3.1-8B"],
  ["Llama-3.1-8B", "meta-llama/Llama-3.1-8B"],
  ["mixtral-8x7b-v0.1", "mistralai/Mixtral-8x7B-v0.1"],
  ["llama3-8b", "meta-llama/Meta-Llama-3-8B"],
  ["llama3-70b", "meta-llama/Meta-Llama-3-70B"],
  ["llama2-7b", "meta-llama/Llama-2-7b-hf"],
  ["llama2-13b", "meta-llama/Llama-2-13b-hf"],
  ["Llama2-7B", "meta-llama/Llama-2-7b-hf"],
  ["LLAMA3-70B", "meta-llama/Meta-Llama-3-70B"],
  // Ollama's, without and with what its library adds.
  ["llama3.1:8b", "meta-llama/Llama-3.1-8B"],
  ["qwen3:8b", "Qwen/Qwen3-8B"],
  ["qwen3:30b", "Qwen/Qwen3-30B-A3B"],
  ["qwen3-coder:30b", "Qwen/Qwen3-Coder-30B-A3B-Instruct"],
  ["qwen3-vl:8b", "Qwen/Qwen3-VL-8B-Instruct"],
  ["qwen2.5vl:7b", "Qwen/Qwen2.5-VL-7B-Instruct"],
  ["gemma3:27b", "google/gemma-3-27b-it"],
  ["gpt-oss:20b:latest", "openai/gpt-oss-20b"],
  ["deepseek-r1:7b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"],
  ["phi4", "microsoft/phi-4"],
  ["llama3.3", "meta-llama/Llama-3.3-70B-Instruct"],
  ["kimi-k2", "moonshotai/Kimi-K2-Instruct"],
  ["nemotron-3-nano:30b", "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16"],
  // Words with whatever stands between them, and releases left out or added.
  ["qwen2.5-7b", "Qwen/Qwen2.5-7B"],
  ["Llama 3.1 8B Instruct", "meta-llama/Llama-3.1-8B-Instruct"],
  ["qwen3_8b", "Qwen/Qwen3-8B"],
  ["Qwen/Qwen3-8B-Instruct", "Qwen/Qwen3-8B"],
  ["google/gemma-3-27b", "google/gemma-3-27b-it"],
  ["mistralai/Mistral-7B-Instruct", "mistralai/Mistral-7B-Instruct-v0.3"],
  ["Phi-4-mini", "microsoft/Phi-4-mini-instruct"],
  // Owners and names that were others once.
  ["ZhipuAI/GLM-4.5-Air", "zai-org/GLM-4.5-Air"],
  ["https://modelscope.cn/models/01ai/Yi-6B", "01-ai/Yi-6B"],
  ["meta-llama/Meta-Llama-3.1-8B", "meta-llama/Llama-3.1-8B"],
  ["meta-llama/Llama-3-8B-Instruct", "meta-llama/Meta-Llama-3-8B-Instruct"],
  ["CohereLabs/c4ai-command-r-v01", "CohereForAI/c4ai-command-r-v01"],
  ["THUDM/GLM-4-9B-0414", "zai-org/GLM-4-9B-0414"],
  ["https://huggingface.co/Qwen/Qwen3-8B", "Qwen/Qwen3-8B"],
];

for (const [name, id] of FOUND) {
  Deno.test(`findModel() finds ${JSON.stringify(name)}`, () => {
    assertEquals(findModel(name)?.id, id);
    assertEquals(estimate({ model: name }).model.name, id);
  });
}

Deno.test("findModel() finds every entry by its id and by the part after the slash", () => {
  for (const { id } of CATALOGUE) {
    assertEquals(findModel(id)?.id, id);
    const part = id.slice(id.indexOf("/") + 1);
    assert(findModel(part.toUpperCase())?.id.endsWith(`/${part}`), id);
  }
});

Deno.test("findModel() gives null for names that no model has", () => {
  const names = [
    "",
    "/",
    "llama",
    "qwen3",
    "gemma",
    "meta-llama/",
    "constructor",
    "constructor/x",
    "__proto__",
    "somebody/Qwen3-8B",
    "Qwen3-9B",
    "meta-llama/Llama-3.1-8",
  ];
  for (const name of names) assertEquals(findModel(name), null, name);
});

Deno.test("the catalogue's models are exact, but those that nobody counted or read", () => {
  for (const { id, config, counted, taken_for, unread } of CATALOGUE) {
    const model = resolveModel(id);
    assertOk(model);
    const type = String(config["model_type"]);
    const [named] = config["architectures"] as string[] | undefined ?? [];
    // Of some types whose code stands beside weights rounded totals alone are known.
    const isRounded = !counted && familyOf(type)?.isPartly?.(
      named ?? "",
      config,
    );
    assertEquals(
      model.value.parameters_basis,
      unread || isRounded
        ? "assumed"
        : taken_for === undefined
        ? "exact"
        : "derived",
      id,
    );
  }
});

Deno.test("what of a model's config.json was not read, every answer tells", () => {
  const unread = CATALOGUE.filter((entry) => entry.unread);
  assert(unread.length > 0);
  for (const { id, note } of unread) {
    const model = resolveModel(id);
    assertOk(model);
    assert(note !== undefined, id);
    assert(model.value.notes.includes(`${id}: ${note}`), id);
  }
});

Deno.test("a copy of a model whose config.json was not read is assumed too", () => {
  const model = resolveModel("unsloth/Llama-Guard-4-12B");
  assertOk(model);
  assertEquals(model.value.parameters_basis, "assumed");
});

/** Copies of others, with the model that they are taken for. */
const MIRRORED: [name: string, id: string][] = [
  ["unsloth/Llama-3.2-3B-Instruct", "meta-llama/Llama-3.2-3B-Instruct"],
  ["unsloth/mistral-7b", "mistralai/Mistral-7B-v0.1"],
  ["NousResearch/Meta-Llama-3-8B", "meta-llama/Meta-Llama-3-8B"],
  ["LLM-Research/Meta-Llama-3-8B", "meta-llama/Meta-Llama-3-8B"],
  ["openai-mirror/gpt-oss-20b", "openai/gpt-oss-20b"],
  ["unsloth/gpt-oss-20b-BF16", "openai/gpt-oss-20b"],
  [
    "bartowski/Llama-3.3-70B-Instruct-GGUF",
    "meta-llama/Llama-3.3-70B-Instruct",
  ],
  ["llama3.1:8b-instruct-q4_K_M", "meta-llama/Llama-3.1-8B-Instruct"],
  ["Qwen3-8B-Q4_K_M.gguf", "Qwen/Qwen3-8B"],
  ["google/gemma-3-12b-it-qat-q4_0-gguf", "google/gemma-3-12b-it"],
];

for (const [name, id] of MIRRORED) {
  Deno.test(`${name} is taken for ${id}`, () => {
    const model = resolveModel(name);
    assertOk(model);
    assertEquals(model.value.parameters, findModel(id)?.parameters);
    assertEquals(model.value.parameters_basis, "derived");
    assertStringIncludes(model.value.notes.at(-1) ?? "", id);
  });
}

Deno.test("what was made from a model says that its own config was not read", () => {
  const made = CATALOGUE.filter(({ taken_for }) => taken_for !== undefined);
  assert(made.length > 0);
  for (const { id, taken_for } of made) {
    const model = resolveModel(id);
    assertOk(model);
    assertStringIncludes(
      model.value.notes.at(-1) ?? "",
      `${id} is taken to have the config of ${taken_for}`,
    );
  }
});

Deno.test("searchModels() finds what has every word of the query", () => {
  const found = searchModels("LLAMA 70b");
  const ids = found.map(({ id }) => id);
  assert(ids.includes("meta-llama/Llama-2-70b-hf"));
  assert(ids.includes("meta-llama/Llama-3.1-70B"));
  for (const { id, config } of found) {
    assert(/llama/i.test(`${id} ${config["model_type"]}`), id);
    assert(/70b/i.test(id), id);
  }
  assertEquals(searchModels("  70b   llama ").map(({ id }) => id), ids);
});

Deno.test("searchModels() finds models by their type", () => {
  const ids = searchModels("gpt_bigcode").map(({ id }) => id);
  assert(ids.includes("bigcode/starcoder"));
});

/** What is asked for, and what stands first. */
const SEARCHED: [query: string, first: string][] = [
  ["qwen3 8b", "Qwen/Qwen3-8B"],
  ["Qwen 3 8B", "Qwen/Qwen3-8B"],
  ["qwen3-8", "Qwen/Qwen3-8B"],
  ["llama 3.1 8b", "meta-llama/Llama-3.1-8B"],
  ["llama3.1 8b", "meta-llama/Llama-3.1-8B"],
  ["gemma 3 27b", "google/gemma-3-27b-it"],
  ["deepseek r1", "deepseek-ai/DeepSeek-R1"],
];

for (const [query, first] of SEARCHED) {
  Deno.test(`searchModels() has what is meant by "${query}" first`, () => {
    assertEquals(searchModels(query)[0]?.id, first);
  });
}

Deno.test("searchModels() orders models of a name before those made from them", () => {
  const ids = searchModels("qwen3").map(({ id }) => id);
  const made = ids.indexOf("deepseek-ai/DeepSeek-R1-0528-Qwen3-8B");
  assert(made > 20, `${made}`);
  for (const id of ids.slice(0, 20)) assert(/^Qwen\/Qwen3/.test(id), id);
});

Deno.test("searchModels() bounds what a stranger may ask", () => {
  assertEquals(searchModels("q ".repeat(100_000) + "qwen3").length > 0, true);
  assertEquals(searchModels("z".repeat(1_000_000)), []);
});

Deno.test("searchModels() gives all for no words and none for unknown ones", () => {
  assertEquals(searchModels(""), [...CATALOGUE]);
  assertEquals(searchModels("llama zzzz"), []);
});

Deno.test("similarModels() names the nearest models, best first", () => {
  assertEquals(similarModels("llama-3.1-8")[0], "meta-llama/Llama-3.1-8B");
  assertEquals(similarModels("mixtral 8x7")[0], "mistralai/Mixtral-8x7B-v0.1");
  for (
    const [typed, meant] of [
      ["lama-3.1-8b", "meta-llama/Llama-3.1-8B"],
      ["gema-3-27b", "google/gemma-3-27b-it"],
      ["mistrall-7b-instuct", "mistralai/Mistral-7B-Instruct-v0.1"],
      ["deepsek-r1", "deepseek-ai/DeepSeek-R1"],
      ["Qwen/Qwen3-8", "Qwen/Qwen3-8B"],
      ["Qwen3-33B", "Qwen/Qwen3-32B"],
      ["llama-3.1-9b", "meta-llama/Llama-3.1-8B"],
      ["llama-3.1-8b-instuct", "meta-llama/Llama-3.1-8B-Instruct"],
    ] as const
  ) assertEquals(similarModels(typed)[0], meant, typed);
  assertEquals(similarModels("zzzz"), []);
  assertEquals(similarModels(""), []);
  assertEquals(similarModels("meta-llama/Llama", 2).length, 2);
});

Deno.test("tryEstimate() suggests models for a name that is not known", () => {
  const result = tryEstimate({ model: "meta-llama/Llama-3.1-8" });
  assert(!result.ok);
  assertEquals(result.problems.map(({ path }) => path), ["model"]);
  assertStringIncludes(
    result.problems[0]?.message ?? "",
    'current value is "meta-llama/Llama-3.1-8"; did you mean meta-llama/Llama-3.1-8B,',
  );
});

Deno.test("tryEstimate() asks for a description where no name is like it", () => {
  const result = tryEstimate({ model: "zzzz" });
  assert(!result.ok);
  assertStringIncludes(
    result.problems[0]?.message ?? "",
    "give its config.json or its dimensions instead",
  );
});
