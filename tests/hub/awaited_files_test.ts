import { assert, assertEquals } from "@std/assert";
import { openHub } from "../../hub/mod.ts";
import { startFakeHub } from "./fake_hub.ts";

Deno.test("openHub() counts by an index whose files are still to come", async () => {
  const config = {
    model_type: "of_nobody",
    torch_dtype: "bfloat16",
    hidden_size: 64,
    intermediate_size: 96,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    vocab_size: 320,
  };
  const total_size = 2 * 123_456;
  const index = {
    metadata: { total_size },
    weight_map: { a: "1.safetensors" },
  };
  await using hub = startFakeHub({
    "a/awaited": { config, index },
  });
  const found = await openHub(hub).model("a/awaited");
  assert(found.ok);
  assertEquals(found.value.parameters, 123_456);
  assert(found.value.parameters_basis !== "exact");
});
