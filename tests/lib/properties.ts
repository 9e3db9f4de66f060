import { assert } from "@std/assert";
import fc from "../npm/fast-check.ts";
import { estimate } from "../../lib/mod.ts";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { OPTIMIZERS } from "../../lib/scenario/optimizers.ts";
import { unlessRefused } from "./refused_mesh.ts";

const dims = fc.record({
  layers: fc.integer({ min: 8, max: 80 }),
  hidden_size: fc.constantFrom(512, 1_000, 4_096, 8_192),
  attention_heads: fc.constantFrom(8, 16, 64),
  kv_heads: fc.constantFrom(1, 2, 8),
  intermediate_size: fc.integer({ min: 512, max: 30_000 }),
  vocab_size: fc.integer({ min: 1_000, max: 260_000 }),
  tie_embeddings: fc.boolean(),
  gated_mlp: fc.boolean(),
});
const moe = fc.record({
  experts: fc.constantFrom(4, 64),
  experts_per_token: fc.integer({ min: 1, max: 8 }),
});

/** All have layers enough for 8 stages; 8 divides all heads but GPT-2's. */
const models = fc.oneof(
  fc.constantFrom(
    "meta-llama/Llama-2-7b-hf",
    "meta-llama/Llama-3.1-8B",
    "mistralai/Mixtral-8x7B-v0.1",
    "google/gemma-2-2b",
    "openai-community/gpt2",
    "bigscience/bloom-7b1",
    "llava-hf/llava-1.5-7b-hf",
  ),
  dims.map((dims) => ({ dims })),
  fc.tuple(dims, moe).map(([dims, moe]) => ({ dims: { ...dims, ...moe } })),
);

/** A sequence has room for an image of LLaVA's, of 576 tokens, and some text. */
const IMAGE_TOKENS = 640;

export const training = fc.record({
  model: models,
  train: fc.record({
    method: fc.constantFrom("full", "lora", "qlora"),
    micro_batch: fc.integer({ min: 1, max: 64 }),
    sequence_length: fc.integer({ min: 1, max: 32_768 }),
    attention: fc.constantFrom("flash", "sdpa", "eager"),
    checkpointing: fc.constantFrom("none", "selective", "full"),
    loss: fc.constantFrom("full", "fused", "chunked"),
    images_per_sample: fc.integer({ min: 0, max: 4 }),
    lora: fc.record({
      rank: fc.integer({ min: 1, max: 64 }),
      targets: fc.constantFrom("default", "all-linear"),
    }),
  }).map((train) => ({
    ...train,
    images_per_sample: Math.min(
      train.images_per_sample,
      Math.floor(train.sequence_length / IMAGE_TOKENS),
    ),
  })),
  precision: fc.record({
    weights: fc.constantFrom("fp32", "bf16", "fp16"),
    autocast: fc.constantFrom(null, "bf16"),
    gradients: fc.constantFrom(null, "fp32"),
    master_weights: fc.constantFrom(null, "none"),
    optimizer_states: fc.constantFrom(null, "bf16"),
  }),
  quantization: fc.record({
    weights: fc.constantFrom("none", "nf4", "int8", "gptq-int4", "gguf:Q4_K_M"),
  }),
  optimizer: fc.record({
    name: fc.oneof(fc.constant("adamw"), fc.constantFrom(...OPTIMIZERS)),
    bits: fc.constantFrom(32, 8, 4),
  }),
  parallel: fc.tuple(...[1, 2, 3].map(() => fc.constantFrom(1, 2, 4))).map(
    ([dp = 1, tp = 1, pp = 1]) => ({ gpus: dp * tp * pp, tp, pp }),
  ),
  engine: fc.record({
    name: fc.constantFrom("auto", "ddp", "deepspeed", "fsdp", "megatron"),
    zero_stage: fc.integer({ min: 0, max: 3 }),
    sharding: fc.constantFrom("full", "grad_op", "hybrid", "none"),
  }),
}) as fc.Arbitrary<ScenarioInput>;

export const serving = fc.record({
  model: models,
  task: fc.constant("serve"),
  serve: fc.record({
    batch: fc.integer({ min: 1, max: 256 }),
    input_tokens: fc.integer({ min: 1, max: 131_072 }),
    output_tokens: fc.integer({ min: 0, max: 4_096 }),
    kv_cache: fc.boolean(),
    kv_dtype: fc.constantFrom("auto", "fp8", "q8_0", "q4_0"),
  }),
  hardware: fc.record({
    gpu: fc.constantFrom("A100-80GB", "T4", { memory_gib: 24 }),
  }),
}) as fc.Arbitrary<ScenarioInput>;

/** What the allocator adds to the tensors: it need not grow with them. */
const OF_THE_ALLOCATOR = "allocator rounding";

/** The bytes of the parts, as tensors ask for them. */
function peakOf({ memory }: Estimate): number {
  return memory.parts.reduce(
    (sum, { name, bytes }) => name === OF_THE_ALLOCATOR ? sum : sum + bytes,
    0,
  );
}

export function peak(input: ScenarioInput): number {
  return peakOf(estimate(input));
}

/** Says no more of scenarios that different methods answer. */
export function assertOrder(
  smaller: ScenarioInput,
  larger: ScenarioInput,
  { strictly = false, slack = 0 } = {},
): void {
  const [less, more] = [estimate(smaller), estimate(larger)];
  if (less.method !== more.method) return;
  const bytes = peakOf(less);
  // A step's peak may lie where the setting has no tensors, so it may stay.
  if (strictly && less.method !== "timeline") assert(bytes < peakOf(more));
  else assert(bytes <= peakOf(more) + slack);
}

/** The scenario with some of a section's fields set. */
export function having<K extends "train" | "parallel" | "engine" | "optimizer">(
  input: ScenarioInput,
  section: K,
  fields: NonNullable<ScenarioInput[K]>,
): ScenarioInput {
  return { ...input, [section]: { ...input[section], ...fields } };
}

export function holds(
  name: string,
  property: (input: ScenarioInput) => void,
  scenarios = training,
): void {
  Deno.test(`estimate() ${name}`, () => {
    fc.assert(fc.property(scenarios, unlessRefused(property)), {
      numRuns: 200,
    });
  });
}
