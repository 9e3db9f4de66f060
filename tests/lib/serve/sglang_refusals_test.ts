import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { estimate, tryEstimate } from "../../../lib/mod.ts";

Deno.test("a card that has no room for weights, or for a pool by hand, is refused", () => {
  const on = (memory_gib: number, serve: object = {}) =>
    estimate({
      model: "meta-llama/Llama-3.1-8B",
      task: "serve",
      serve: { engine: "sglang", ...serve },
      hardware: { gpu: { memory_gib } },
    });
  for (const made of [on(0.1), on(80, { kv_cache_bytes: 1e15 })]) {
    assertEquals(made.serve?.starts, false);
    assertStringIncludes(made.serve?.refusal ?? "", "CUDA out of memory");
    assert((made.fit[0]?.utilization ?? 0) > 1);
  }
  const { serve } = on(80, { cache_tokens: 1 });
  assertStringIncludes(serve?.refusal ?? "", "Not enough memory");
});

Deno.test("a config that counts no heads for keys and values is refused", () => {
  const result = tryEstimate({
    model: {
      config: {
        model_type: "llama",
        num_hidden_layers: 2,
        hidden_size: 256,
        num_attention_heads: 4,
        num_key_value_heads: 0,
        intermediate_size: 512,
        vocab_size: 1000,
        max_position_embeddings: 4096,
      },
    },
    task: "serve",
    serve: { engine: "sglang" },
  });
  assert(!result.ok);
  assertStringIncludes(
    result.problems[0]?.message ?? "",
    "num_key_value_heads must be at least 1: current value is 0",
  );
});
