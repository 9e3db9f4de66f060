import { assertEquals } from "@std/assert";
import type { ScenarioInput } from "../../../lib/mod.ts";
import { estimate } from "../../../lib/mod.ts";

const [HIDDEN, WIDE, LAYERS] = [1024, 2816, 4];
/** Heads' projections, of whose keys and values a quarter is, and the MLP's. */
const MATRICES = LAYERS *
  (2 * HIDDEN ** 2 + 2 * HIDDEN * HIDDEN / 4 + 3 * HIDDEN * WIDE);

/** Bytes of a part under Megatron, on a GPU. */
function bytesOf(
  part: string,
  gpu: string,
  precision: NonNullable<ScenarioInput["precision"]>,
): number {
  const { memory } = estimate({
    model: {
      config: {
        model_type: "llama",
        hidden_size: HIDDEN,
        intermediate_size: WIDE,
        num_hidden_layers: LAYERS,
        num_attention_heads: 16,
        num_key_value_heads: 4,
        vocab_size: 1024,
        tie_word_embeddings: false,
      },
    },
    train: { sequence_length: 4096 },
    precision: { weights: "bf16", ...precision },
    engine: { name: "megatron" },
    software: { model_code: "megatron" },
    hardware: { gpu },
  });
  return memory.parts.find(({ name }) => name === part)?.bytes ?? 0;
}

Deno.test("Transformer Engine's matrices stand in 8 bits, in the orders that kernels read", () => {
  const casts = (gpu: string, fp8: "delayed" | "tensorwise" | "mxfp8") =>
    bytesOf("weight casts", gpu, { fp8 });
  assertEquals(casts("H100-80GB", "delayed"), 2 * MATRICES);
  assertEquals(casts("H100-80GB", "tensorwise"), 2 * MATRICES);
  assertEquals(casts("B200-192GB", "tensorwise"), MATRICES);
  // A scale of one byte for 32 elements.
  assertEquals(casts("B200-192GB", "mxfp8"), 2 * MATRICES * 33 / 32);
});

Deno.test("parameters in fp8 alone take a byte for each element of a matrix", () => {
  const fp8 = "tensorwise";
  const of = (part: string, fp8_parameters: boolean) =>
    bytesOf(part, "H100-80GB", { fp8, fp8_parameters });
  assertEquals(of("weights", false) - of("weights", true), MATRICES);
  assertEquals(of("weight casts", true), MATRICES);
});

Deno.test("fp8 saves the inputs of an MLP's matrices in a byte an element", () => {
  const saved = (precision: NonNullable<ScenarioInput["precision"]>) =>
    bytesOf("MLP activations", "H100-80GB", precision);
  const tokens = 4096;
  // The product of gate and up: a byte an element less in each layer that stands.
  const less = saved({}) - saved({ fp8: "tensorwise" });
  assertEquals(less > 0 && less <= LAYERS * tokens * WIDE, true);
});
