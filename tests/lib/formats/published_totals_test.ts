import { assert, assertEquals } from "@std/assert";
import { holdsLayer } from "../../../lib/models/tensors/layer_numbers.ts";
import { bytesOfOne } from "../../../lib/formats/total.ts";
import { checkpointOf } from "./stored.ts";

/*
 * metadata.total_size of model.safetensors.index.json, as published.
 */

const BY_NAME: Readonly<Record<string, number>> = {
  "openai/gpt-oss-20b": 13_761_264_768,
  "openai/gpt-oss-120b": 65_248_815_744,
  "casperhansen/llama-3.1-70b-instruct-awq": 39_767_785_472,
  "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4": 39_767_785_472,
};

for (const [model, total] of Object.entries(BY_NAME)) {
  Deno.test(`${model} by its name alone`, () => {
    const checkpoint = checkpointOf({ model });
    assertEquals(checkpoint.bytes, total);
    assertEquals(checkpoint.basis, "derived");
  });
}

Deno.test("DeepSeek-R1 in AWQ with groups of 64, its router's biases in 16 bits", () => {
  const { bytes } = checkpointOf({
    model: "deepseek-ai/DeepSeek-R1",
    quantization: { weights: "awq-int4", group_size: 64 },
  });
  assertEquals(bytes, 364_589_799_936);
});

Deno.test("DeepSeek-V3 with its layer that predicts a further token", () => {
  const { tensors, buffers, bytes } = checkpointOf({
    model: "deepseek-ai/DeepSeek-V3",
  });
  const hidden = 7168;
  const layer = [...tensors, ...buffers]
    .filter(({ tensor: { layers } }) => layers && holdsLayer(layers, 60))
    .reduce((sum, stored) => sum + bytesOfOne(stored), 0);
  const norms = 3 * hidden * 2;
  const copies = 2 * 129_280 * hidden * 2;
  const joined = 2 * hidden * hidden * 2;
  assertEquals(bytes + layer + norms + copies + joined, 688_574_839_360);
});

Deno.test("a plain checkpoint has its config's type, else the scenario's", () => {
  const config = {
    model_type: "gpt2",
    n_embd: 768,
    n_layer: 12,
    n_head: 12,
    vocab_size: 50_257,
    n_positions: 1024,
  };
  const model = { config: { ...config, torch_dtype: "float32" } };
  const wide = checkpointOf({ model });
  assertEquals(wide.scheme, "fp32");
  assertEquals(wide.basis, "exact");
  const narrow = checkpointOf({ model: { config } });
  assertEquals(narrow.scheme, "bf16");
  assertEquals(wide.bytes, 2 * narrow.bytes);
  assert(
    checkpointOf({ model, quantization: { weights: "none" } }).bytes ===
      narrow.bytes,
  );
});
