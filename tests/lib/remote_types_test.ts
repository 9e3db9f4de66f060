import { assert, assertEquals } from "@std/assert";
import { modelOfConfig } from "../../lib/models/build_model.ts";
import { cacheOf } from "../../lib/models/cache_of.ts";
import { elementsOf } from "../../lib/models/tensors/tensor.ts";
import truth from "../truth/remote_types.json" with { type: "json" };

/** Types that run the code of their repositories, and what their makers publish. */
for (const { name, published, unit, config } of truth) {
  Deno.test(`${name} has as many parameters as its maker says`, () => {
    const built = modelOfConfig(config, { name, source: "config" });
    assert(built.ok);
    assertEquals(
      Math.round(built.value.parameters / unit),
      Math.round(published / unit),
    );
    // A rounded total does not prove every tensor.
    assertEquals(
      built.value.parameters_basis,
      unit === 1 ? "exact" : "assumed",
    );
  });
}

Deno.test("a block of Nemotron-NAS that is left out keeps no keys", () => {
  const [nas] = truth;
  const kept = cacheOf(nas?.config ?? {}) ?? [];
  // Of 80 blocks 49 attend, each with 8 heads of keys, as the checkpoint has them.
  assertEquals(kept.filter((each) => each.length > 0).length, 49);
  assertEquals(kept[0], [{ kind: "full", heads: 8, keys: 1024, values: 1024 }]);
});

Deno.test("blocks of Nemotron-NAS are as many as its layers", () => {
  const [nas] = truth;
  const blocks = nas?.config.block_configs ?? [];
  const broken = { ...nas?.config, block_configs: blocks.slice(1) };
  const built = modelOfConfig(broken, { name: "", source: "config" });
  assert(!built.ok);
  assertEquals(
    built.problems[0]?.message,
    "model.config.block_configs must be a list of num_hidden_layers (80) blocks: current value is 79",
  );
});

Deno.test("no heads of keys, and heads without width, are problems", () => {
  const llama = {
    model_type: "llama",
    hidden_size: 64,
    intermediate_size: 128,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    vocab_size: 100,
  };
  for (const key of ["num_key_value_heads", "head_dim"]) {
    const config = { ...llama, [key]: 0 };
    const built = modelOfConfig(config, { name: "", source: "config" });
    assert(!built.ok);
    assertEquals(
      built.problems[0]?.message,
      `model.config.${key} must be at least 1: current value is 0`,
    );
  }
});

Deno.test("an expert of Kimi K3 is as large as in its checkpoint, and so is the whole", () => {
  const kimi = truth.find(({ name }) => name === "moonshotai/Kimi-K3");
  const built = modelOfConfig(kimi?.config ?? {}, {
    name: "",
    source: "config",
  });
  assert(built.ok);
  const layers = 92;
  const routed = built.value.tensors.filter(({ expert }) => expert);
  const elements = routed.reduce((sum, each) => sum + elementsOf(each), 0) *
    layers;
  // 33,030,144 parameters an expert and 896 of them, as its headers have them.
  assertEquals(elements, 33_030_144 * 896 * layers);
  // MXFP4 has a byte for every 32 elements; all else is bf16: 1.56 TB published.
  const bytes = elements * 4.25 / 8 + (built.value.parameters - elements) * 2;
  assertEquals(Math.round(bytes / 1e10), 156);
});
