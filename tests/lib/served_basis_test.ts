import { assert, assertEquals } from "@std/assert";
import { estimate } from "../../lib/ask/estimate.ts";
import type { ScenarioInput } from "../../lib/scenario/parse_scenario.ts";

/** A model of the catalogue whose config.json was not read to the end. */
const UNREAD = "swiss-ai/Apertus-8B-2509";
const ENGINES = [
  "transformers",
  "vllm",
  "sglang",
  "tgi",
  "tensorrt-llm",
  "llama.cpp",
] as const;

function served(model: string, engine: typeof ENGINES[number]) {
  const asked: ScenarioInput = { model, task: "serve", serve: { engine } };
  const { memory, model: { parameters_basis } } = estimate(asked);
  const weights = memory.parts.find(({ name }) => name === "weights");
  assert(weights, engine);
  return { weights, parameters_basis };
}

Deno.test("weights that are served are as sure as the model's count", () => {
  for (const engine of ENGINES) {
    const { weights, parameters_basis } = served(UNREAD, engine);
    assertEquals(parameters_basis, "assumed");
    assertEquals(weights.basis, "assumed", engine);
  }
});

Deno.test("weights of a model that is known stay exact where they are served", () => {
  assertEquals(served("Qwen/Qwen3-4B", "transformers").weights.basis, "exact");
  assertEquals(served("Qwen/Qwen3-4B", "llama.cpp").weights.basis, "derived");
});
