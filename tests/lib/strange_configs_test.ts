import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Config } from "../../lib/models/config.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";

const QWEN: Config = {
  model_type: "qwen3",
  architectures: ["Qwen3ForCausalLM"],
  hidden_size: 1_024,
  num_hidden_layers: 4,
  num_attention_heads: 16,
  num_key_value_heads: 8,
  head_dim: 128,
  intermediate_size: 3_072,
  vocab_size: 1_000,
};
/** A type that formulas count. */
const DOGE: Config = {
  ...QWEN,
  model_type: "doge",
  architectures: ["DogeForCausalLM"],
};
const FULL = "full_attention";

Deno.test("Lists of layers that transformers refuses are doubted, never exact", () => {
  for (
    const [layer_types, words] of [
      [[FULL, FULL, FULL], "it has 3"],
      [[FULL, FULL, FULL, FULL, FULL], "it has 5"],
      [[], "it has 0"],
      [FULL, "must be a list"],
      [[FULL, FULL, FULL, "fulll"], "no kind of layer"],
    ] as const
  ) {
    for (const config of [QWEN, DOGE]) {
      const built = resolveModel({ config: { ...config, layer_types } });
      assert(built.ok);
      assertEquals(built.value.parameters_basis, "assumed");
      assertStringIncludes(built.value.doubts?.join() ?? "", words);
    }
  }
  const right = { ...QWEN, layer_types: [FULL, FULL, FULL, FULL] };
  const built = resolveModel({ config: right });
  assert(built.ok);
  assertEquals(built.value.parameters_basis, "exact");
});

Deno.test("No head, and no head of keys, is a problem of its field", () => {
  for (const config of [QWEN, DOGE]) {
    for (const key of ["num_attention_heads", "num_key_value_heads"]) {
      const built = resolveModel({ config: { ...config, [key]: 0 } });
      assert(!built.ok);
      assertStringIncludes(built.problems[0]?.message ?? "", `${key} must be`);
    }
  }
});

// Counted with transformers 5.24.0: LlamaForCausalLM of a config that says no more.
Deno.test("What a config leaves out is its class's, and the answer says so", () => {
  const built = resolveModel({ config: { model_type: "llama" } });
  assert(built.ok);
  assertEquals(built.value.parameters, 6_738_415_616);
  assertEquals(built.value.parameters_basis, "exact");
  assertStringIncludes(
    built.value.notes.join("\n"),
    "model.config has no hidden_size: 4096, the default of transformers for llama, is taken",
  );
});

// Ministral has 8 heads of keys where a config does not say.
Deno.test("Silence is the class's word, null is that there is none", () => {
  const config: Config = { ...QWEN, model_type: "ministral", head_dim: 64 };
  const { ["num_key_value_heads"]: _, ...silent } = config;
  const [given, left] = [{ ...config, num_key_value_heads: 8 }, silent].map(
    (config) => resolveModel({ config: { ...config, architectures: [] } }),
  );
  assert(given?.ok && left?.ok);
  assertEquals(left.value.parameters, given.value.parameters);
});
