import { assert, assertEquals } from "@std/assert";
import type { ScenarioInput } from "../../../lib/mod.ts";
import { estimate } from "../../../lib/mod.ts";

const DIMS = {
  layers: 2,
  hidden_size: 512,
  attention_heads: 8,
  kv_heads: 8,
  head_dim: 64,
  intermediate_size: 1024,
  vocab_size: 131072,
  tie_embeddings: false,
  gated_mlp: true,
};

const TOKENS = 2048;

function stepOf(
  train: ScenarioInput["train"],
  rest: Pick<ScenarioInput, "engine" | "precision"> = {},
) {
  const { memory, warnings } = estimate({
    model: { dims: DIMS },
    train: { sequence_length: TOKENS, ...train },
    parallel: { gpus: 2, tp: 2, sequence_parallel: true },
    engine: { name: "megatron", ...rest.engine },
    precision: rest.precision ?? {},
    software: { model_code: "megatron" },
  });
  const { allocated_peak_bytes, allocated_steady_bytes } = memory;
  assert(allocated_peak_bytes !== null && allocated_steady_bytes !== null);
  return {
    peak: allocated_peak_bytes,
    steady: allocated_steady_bytes,
    warnings,
  };
}

Deno.test("Megatron's fused cross entropy copies the softmax in its compiled gradient", () => {
  const logits = TOKENS * DIMS.vocab_size / 2;
  const plain = stepOf({});
  const fused = stepOf({ kernels: "compile" });
  // Softmax and its copy in fp32 and the gradient in bf16, for logits in bf16 and fp32.
  assertEquals(
    Math.round((fused.peak - plain.peak) / logits),
    4,
    `${fused.peak} ${plain.peak}`,
  );
  assertEquals(fused.steady, plain.steady);
});

Deno.test("An offloaded optimizer of Megatron that knows its types has no masters on the GPU", () => {
  const engine = { offload_optimizer: "cpu" } as const;
  const usual = stepOf({}, { engine });
  const aware = stepOf({}, { engine, precision: { master_weights: "none" } });
  // 4 B of each of this rank's parameters, all of which are in bf16.
  const weights = usual.steady - aware.steady;
  assert(weights > 0);
  assertEquals(
    weights % 4,
    0,
  );
  const share = 4 / (2 + 4 + 4);
  assert(Math.abs(weights / usual.steady - share) < 0.01);
  assertEquals(
    aware.warnings.filter((text) => text.includes("master_weights")),
    [],
  );
});
