import { assert, assertEquals } from "@std/assert";
import { resolveModel } from "../../lib/models/resolve_model.ts";

/** Llama's dimensions, as a release of 2023 wrote them. */
const LLAMA = {
  architectures: ["LlamaForCausalLM"],
  hidden_size: 64,
  intermediate_size: 160,
  num_attention_heads: 4,
  num_hidden_layers: 2,
  torch_dtype: "float16",
  vocab_size: 100,
};

function built(config: Record<string, unknown>) {
  const model = resolveModel({ config });
  assert(model.ok, JSON.stringify(model));
  return model.value;
}

Deno.test("a config without a model_type is counted by the class that it names", () => {
  const whole = built({ ...LLAMA, model_type: "llama" });
  const silent = built(LLAMA);
  assertEquals(silent.parameters, whole.parameters);
  assertEquals(silent.parameters_basis, "exact");
  assertEquals(silent.notes[0]?.includes("has no model_type: llama"), true);
});

Deno.test("a class that nobody knows is a decoder of its dimensions", () => {
  const { parameters_basis, notes } = built({
    ...LLAMA,
    architectures: ["MyOwnForCausalLM"],
  });
  assertEquals(parameters_basis, "assumed");
  assertEquals(notes[0]?.includes("names no model_type"), true);
});

Deno.test("a part without a known rule is sure as its class has it alone", () => {
  const config = { model_type: "chameleon", vq_config: { base_channels: 128 } };
  assertEquals(built(config).parameters_basis, "exact");
  const other = { ...config, vq_config: { base_channels: 64 } };
  assertEquals(built(other).parameters_basis, "assumed");
});

Deno.test("a list of layers that a config leaves out says nothing of more layers than its class has", () => {
  const config = { model_type: "inkling_text", num_hidden_layers: 80 };
  const { parameters_basis, doubts = [] } = built(config);
  assertEquals(parameters_basis, "assumed");
  assertEquals(doubts.length, 1);
});
