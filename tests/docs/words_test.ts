import { assert, assertEquals } from "@std/assert";
import { estimate, FIELDS, PARTS, PRESETS } from "../../lib/mod.ts";
import type { ScenarioInput } from "../../lib/mod.ts";
import { METHOD_NAMES } from "../../lib/scenario/methods.ts";
import { servingFigures } from "../../templates/serving/serving_words.ts";
import { figureWords } from "../../templates/words/figure_words.ts";
import { devicePartsOf } from "../../templates/device_parts.ts";
import { DOCS } from "../../templates/docs/documents.ts";
import { docAddress } from "../../templates/docs/markdown.ts";
import { fieldWords, WORDED_PATHS } from "../../templates/words/field_words.ts";
import {
  partId,
  partWords,
  WORDED_PARTS,
} from "../../templates/words/part_words.ts";

const DOCUMENTS = new URL("../../docs/", import.meta.url);

Deno.test("every setting has a sentence, and no sentence is of no setting", () => {
  const unworded = FIELDS.filter((field) => {
    const words = fieldWords(field) ?? "";
    return words.length < 10 || !/[.!?…]$/.test(words);
  });
  assertEquals(unworded.map(({ path }) => path), []);
  const known = new Set(FIELDS.map(({ path }) => path));
  assertEquals(WORDED_PATHS.filter((path) => !known.has(path)), []);
});

/** Scenarios that have between them the parts of every engine and method. */
function* scenarios(): Iterable<ScenarioInput> {
  for (const { scenario } of PRESETS) {
    for (const method of METHOD_NAMES) yield { ...scenario, method };
  }
  const models = [
    "openai/gpt-oss-20b",
    "Qwen/Qwen2.5-VL-7B-Instruct",
    "state-spaces/mamba-2.8b-hf",
  ];
  const engines = [
    "transformers",
    "vllm",
    "sglang",
    "tgi",
    "tensorrt-llm",
    "llama.cpp",
  ] as const;
  for (const model of models) {
    for (const engine of engines) {
      yield {
        model,
        task: "serve",
        serve: { engine },
        hardware: { gpu: "H100-80GB" },
      };
    }
    for (const name of ["ddp", "fsdp", "deepspeed", "megatron"] as const) {
      yield {
        model,
        train: { checkpointing: "full" },
        parallel: { gpus: 8 },
        engine: { name, ...(name === "deepspeed" ? { zero_stage: 3 } : {}) },
      };
    }
  }
  yield {
    model: "Qwen/Qwen3-8B",
    train: { method: "qlora" },
    optimizer: { bits: 8, paged: true },
    overheads: { other_gib: 1 },
  };
}

Deno.test("every part of every answer has a sentence", () => {
  const names = new Set<string>(PARTS);
  for (const scenario of scenarios()) {
    const { parts, beside } = devicePartsOf(estimate(scenario));
    for (const { name } of [...parts, ...beside]) names.add(name);
  }
  assert(names.size > 45, `${names.size} parts`);
  assertEquals([...names].filter((name) => partWords(name) === null), []);
});

Deno.test("every figure of an engine that serves has a sentence", () => {
  const names = new Set<string>();
  for (const scenario of scenarios()) {
    for (const [name] of servingFigures(estimate(scenario))) names.add(name);
  }
  assert(names.size > 8, `${names.size} figures`);
  assertEquals([...names].filter((name) => figureWords(name) === null), []);
});

Deno.test("parts have ids of their own in the documentation", () => {
  const ids = WORDED_PARTS.map(([name]) => partId(name));
  assertEquals(new Set(ids).size, ids.length);
});

Deno.test("the server shows every document, but the Space's card", async () => {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(DOCUMENTS)) {
    if (name.endsWith(".md") && name !== "space.md") files.push(name);
  }
  assertEquals(DOCS.map(({ name }) => `${name}.md`).sort(), files.sort());
});

Deno.test("links between documents lead to documents that the server shows", () => {
  const dead = DOCS.flatMap(({ name, text }) =>
    [...text.matchAll(/\]\(((?!space\.md)[\w-]+\.md[^)]*)\)/g)]
      .filter(([, href = ""]) => docAddress(href) === null)
      .map(([, href]) => `${name}: ${href}`)
  );
  assertEquals(dead, []);
});
