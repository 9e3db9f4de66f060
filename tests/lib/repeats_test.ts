import { assert, assertEquals } from "@std/assert";
import fc from "../npm/fast-check.ts";
import type { ScenarioInput } from "../../lib/mod.ts";
import { Repeater } from "../../lib/play/readers/allocator/period.ts";
import type { AllocatorPeaks } from "../../lib/play/readers/allocator/peaks.ts";
import { allocatorPeaks } from "../../lib/play/readers/allocator/peaks.ts";
import { fullReplay } from "./full_replay.ts";
import { PlainAllocator } from "./plain_allocator.ts";
import { played } from "./played.ts";
import { randomPipeline, randomStep } from "./random_step.ts";

/** Counts the periods that are not played event by event. */
function skipsOf(body: () => void): number {
  const { apply } = Repeater.prototype;
  let skips = 0;
  Repeater.prototype.apply = function (...given) {
    skips++;
    apply.apply(this, given);
  };
  try {
    body();
  } finally {
    Repeater.prototype.apply = apply;
  }
  return skips;
}

/** The figures that a full replay gives too. */
function both({ reserved, allocated }: AllocatorPeaks) {
  return { reserved, allocated };
}

Deno.test("allocatorPeaks() gives what a replay of every event gives, whatever layers do", () => {
  const skips = skipsOf(() =>
    fc.assert(
      fc.property(randomStep, (step) => {
        assertEquals(both(allocatorPeaks(step)), fullReplay(step));
      }),
      { numRuns: 300 },
    )
  );
  assert(skips > 0);
});

Deno.test("allocatorPeaks() gives what a replay of every event gives, whatever pipelines do", () => {
  const skips = skipsOf(() =>
    fc.assert(
      fc.property(randomPipeline, (step) => {
        assertEquals(both(allocatorPeaks(step)), fullReplay(step));
      }),
      { numRuns: 400 },
    )
  );
  assert(skips > 0);
});

Deno.test("allocatorPeaks() gives what an allocator without any index gives", () => {
  fc.assert(
    fc.property(randomStep, (step) => {
      fc.pre(step.program.blocks <= 72);
      assertEquals(
        both(allocatorPeaks(step)),
        fullReplay(step, new PlainAllocator()),
      );
    }),
    { numRuns: 60 },
  );
});

const DIMS = {
  tie_embeddings: false,
  gated_mlp: true,
  layers: 126,
  hidden_size: 4096,
  attention_heads: 32,
  kv_heads: 8,
  intermediate_size: 14_336,
  vocab_size: 32_000,
};

const TRAIN: readonly NonNullable<ScenarioInput["train"]>[] = [
  {},
  { checkpointing: "full" },
  { checkpointing: "selective" },
  { micro_batch: 3, sequence_length: 777, gradient_accumulation: 2 },
  { attention: "eager", padding_mask: true },
  { method: "lora", lora: { targets: "all-linear" } },
  { method: "qlora", checkpointing: "full" },
];

const DEEP: readonly ScenarioInput[] = [
  ...TRAIN.map((train) => ({ model: { dims: DIMS }, train })),
  { model: "meta-llama/Llama-3.1-405B" },
  { model: "deepseek-ai/DeepSeek-V3", train: { checkpointing: "full" } },
  { model: "google/gemma-2-27b-it", train: { method: "lora" } },
  ...[2, 3].map((zero_stage): ScenarioInput => ({
    model: { dims: DIMS },
    train: { checkpointing: "full" },
    parallel: { gpus: 8 },
    engine: { name: "deepspeed", zero_stage },
  })),
  {
    model: { dims: { ...DIMS, layers: 300 } },
    precision: { weights: "fp32", autocast: "bf16" },
  },
  ...(["fsdp", "fsdp2"] as const).map((name) => ({
    model: { dims: DIMS },
    train: { checkpointing: "full", gradient_accumulation: 2 } as const,
    precision: { weights: "fp32", autocast: "bf16" } as const,
    parallel: { gpus: 8 },
    engine: { name, driver: "accelerate" } as const,
  })),
  {
    model: "Qwen/Qwen3-30B-A3B",
    train: { checkpointing: "full" },
    precision: { weights: "fp32", autocast: "bf16" },
    parallel: { gpus: 16, ep: 8 },
    engine: { name: "fsdp2", driver: "transformers" },
  },
  {
    model: { dims: DIMS },
    train: { method: "lora", checkpointing: "full", micro_batch: 2 },
    precision: { autocast: "bf16" },
    parallel: { gpus: 2 },
    engine: { name: "fsdp" },
    software: { transformers: "4.48.1" },
  },
  {
    model: { dims: DIMS },
    train: { checkpointing: "selective" },
    parallel: { gpus: 8 },
    engine: { name: "fsdp", sharding: "grad_op" },
  },
  {
    model: { dims: DIMS },
    engine: { name: "megatron", recompute_modules: ["layernorm", "mlp"] },
    parallel: {
      gpus: 32,
      tp: 4,
      pp: 2,
      sequence_parallel: true,
      virtual_pipeline: 3,
      microbatches: 8,
    },
    train: { checkpointing: "selective" },
  },
  {
    model: { dims: DIMS },
    engine: { name: "megatron" },
    parallel: { gpus: 4, pp: 2, microbatches: 60 },
    train: { method: "lora" },
  },
  {
    model: { dims: { ...DIMS, layers: 128 } },
    engine: { name: "megatron-deepspeed", zero_stage: 1 },
    parallel: { gpus: 8, tp: 2, pp: 2, microbatches: 4 },
  },
  ...[1, 2].map((virtual_pipeline): ScenarioInput => ({
    model: { dims: { ...DIMS, layers: 128 } },
    engine: { name: "fsdp2", driver: "torchtitan" },
    parallel: { gpus: 16, tp: 2, pp: 4, microbatches: 16, virtual_pipeline },
  })),
  {
    model: { dims: DIMS },
    train: { checkpointing: "full" },
    engine: { name: "fsdp2", driver: "torchtitan" },
    parallel: { gpus: 8, tp: 8 },
  },
];

for (const scenario of DEEP) {
  Deno.test(`allocatorPeaks() gives what a full replay gives: ${JSON.stringify(scenario)}`, () => {
    const step = played(scenario);
    assertEquals(both(allocatorPeaks(step)), fullReplay(step));
  });
}

Deno.test("layers that are alike are not played one by one", () => {
  const skips = skipsOf(() =>
    allocatorPeaks(played({ model: { dims: { ...DIMS, layers: 1000 } } }))
  );
  assert(skips > 500, `${skips} periods were skipped`);
});
