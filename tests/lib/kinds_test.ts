import { assertEquals } from "@std/assert";
import { findModel, kindsOf, searchModels } from "../../lib/mod.ts";

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
  assertEquals(ids("mixtral MOE").length, 3);
  assertEquals(ids("vision qwen3-vl-8b"), ["Qwen/Qwen3-VL-8B-Instruct"]);
  assertEquals(
    ids("moe vision").filter((id) => !id.includes("Llama-4")),
    [
      "nvidia/Qwen3.5-122B-A10B-NVFP4",
      "nvidia/Qwen3.5-397B-A17B-NVFP4",
      "Qwen/Qwen3-VL-30B-A3B-Instruct",
      "Qwen/Qwen3.5-122B-A10B",
      "Qwen/Qwen3.5-35B-A3B",
      "Qwen/Qwen3.5-397B-A17B",
    ],
  );
  assertEquals(ids("audio"), ids("whisper"));
});
