import { assertEquals } from "@std/assert";
import { CATALOGUE, findModel, kindsOf, searchModels } from "../../lib/mod.ts";

const KINDS: [name: string, kinds: string[]][] = [
  ["meta-llama/Llama-2-7b-hf", []],
  ["mistralai/Mixtral-8x7B-v0.1", ["MoE"]],
  ["ai21labs/Jamba-v0.1", ["MoE", "mamba"]],
  ["meta-llama/Llama-4-Scout-17B-16E", ["MoE", "vision"]],
  ["Qwen/Qwen2.5-VL-7B-Instruct", ["vision"]],
  ["google-t5/t5-small", ["encoder-decoder"]],
  ["openai/whisper-large-v3", ["audio", "encoder-decoder"]],
  ["state-spaces/mamba-2.8b-hf", ["mamba"]],
];

Deno.test.each(KINDS)("kindsOf() tells the kinds of %s", (name, kinds) => {
  assertEquals(kindsOf(findModel(name)?.config ?? {}), kinds);
});

Deno.test("kindsOf() takes one expert for none, and odd values for nothing", () => {
  assertEquals(
    kindsOf({
      num_experts: 1,
      vision_config: null,
      audio_config: [],
      model_type: 7,
    }),
    [],
  );
});

Deno.test("searchModels() finds models by their kind, type and name", () => {
  const ids = (query: string): string[] =>
    searchModels(query).map(({ id }) => id);
  assertEquals(ids("mixtral MOE").length, 4);
  assertEquals(ids("vision qwen3-vl-8b"), [
    "Qwen/Qwen3-VL-8B-Instruct",
    "Qwen/Qwen3-VL-8B-Thinking",
    "Qwen/Qwen3-VL-Embedding-8B",
    "Qwen/Qwen3-VL-Reranker-8B",
  ]);
  // A type's name may tell a kind that its config does not.
  const ofKinds = (...kinds: string[]): string[] =>
    CATALOGUE.filter(({ config }) =>
      kinds.every((kind) =>
        kindsOf(config).includes(kind) ||
        String(config["model_type"]).includes(kind.toLowerCase())
      )
    ).map(({ id }) => id).sort();
  assertEquals(ids("moe vision").sort(), ofKinds("MoE", "vision"));
  assertEquals(ids("audio").sort(), ofKinds("audio"));
});
