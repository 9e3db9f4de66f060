import { assert, assertEquals } from "@std/assert";
import fc from "../npm/fast-check.ts";
import { estimate } from "../../lib/mod.ts";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { OPTIMIZERS } from "../../lib/scenario/optimizers.ts";
import { unlessRefused } from "./refused_mesh.ts";

/** Parts are rounded one by one, so a sum of exact shares may be off by these. */
const ROUNDING = 2;

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

const training = fc.record({
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
  }),
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

const serving = fc.record({
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

function peak(input: ScenarioInput): number {
  return peakOf(estimate(input));
}

/** Says no more of scenarios that different methods answer. */
function assertOrder(
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
function having<K extends "train" | "parallel" | "engine" | "optimizer">(
  input: ScenarioInput,
  section: K,
  fields: NonNullable<ScenarioInput[K]>,
): ScenarioInput {
  return { ...input, [section]: { ...input[section], ...fields } };
}

function holds(
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

function isSound({ memory, model }: Estimate): void {
  let sum = 0;
  for (const { name, bytes, formula } of memory.parts) {
    assert(Number.isSafeInteger(bytes) && bytes > 0, `${name}: ${bytes}`);
    assert(formula !== "", name);
    sum += bytes;
  }
  assertEquals(sum, memory.allocated_peak_bytes ?? memory.device_peak_bytes);
  assert(Number.isSafeInteger(model.trainable_parameters));
  const device = memory.device_peak_bytes;
  assert(device >= sum);
  assert((memory.low_bytes ?? 0) <= device);
  assert((memory.high_bytes ?? device) >= device);
}

holds("sums its parts to the peak exactly", (input) => {
  isSound(estimate(input));
});

holds("sums its parts to the peak exactly when serving", (input) => {
  const result = estimate(input);
  isSound(result);
  assert(Number.isSafeInteger(result.kv?.bytes));
  assert((result.kv?.max_tokens ?? 0) >= 0);
}, serving);

holds("judges every fit by the peak", (input) => {
  const { fit, memory } = estimate(input);
  for (const { usable_bytes, fits, headroom_bytes, utilization } of fit) {
    assertEquals(headroom_bytes, usable_bytes - memory.device_peak_bytes);
    assertEquals(fits, headroom_bytes >= 0);
    assertEquals(fits, utilization <= 1);
  }
});

holds("answers the same twice and leaves its input alone", (input) => {
  const before = JSON.stringify(input);
  const first = estimate(freeze(input));
  assertEquals(JSON.stringify(input), before);
  assertEquals(estimate(input), first);
});

holds("answers the scenario it returns as it answered the input", (input) => {
  const first = estimate(input);
  assertEquals(estimate(first.scenario), first);
});

for (const field of ["micro_batch", "sequence_length"] as const) {
  holds(`counts more for a longer train.${field}`, (input) => {
    const longer = 2 * Number(input.train?.[field]);
    const more = having(input, "train", { [field]: longer });
    assertOrder(input, more, { strictly: true });
  });
}

holds("counts more for a higher LoRA rank", (input) => {
  const lora = having(input, "train", { method: "lora" });
  const { rank = 1, ...rest } = lora.train?.lora ?? {};
  const higher = having(lora, "train", { lora: { ...rest, rank: rank + 1 } });
  assertOrder(lora, higher, { strictly: true });
});

/**
 * The peak by shares of parameters, gradients and states alone; DeepSpeed's own
 * cushion grows by stage, so it is set aside. The buffers of a step that is played
 * depend on a bucket's size, not on the model's: a small one takes more at stage 1.
 */
function atStage(input: ScenarioInput, zero_stage: number): number {
  return peak({
    ...having(input, "engine", { name: "deepspeed", zero_stage }),
    method: "factors",
    factors: { deepspeed_overhead_gib: 0 },
  });
}

holds(
  "counts no more at ZeRO stage 1 than at 0, nor at 2 than at 1",
  (input) => {
    const [none, states, gradients] = [0, 1, 2].map((n) => atStage(input, n));
    assert(Number(states) <= Number(none));
    assert(Number(gradients) <= Number(states));
  },
);

holds(
  "counts no more at ZeRO stage 3 than at 2 for weights that are not quantised",
  (input) => {
    const plain: ScenarioInput = {
      ...input,
      quantization: { weights: "none" },
    };
    const lora = having(plain, "train", { method: "lora" });
    assert(atStage(lora, 3) <= atStage(lora, 2) + ROUNDING);
    const full = having(plain, "train", { method: "full" });
    assert(atStage(full, 3) <= atStage(full, 2) + ROUNDING);
  },
);

/**
 * What a played step holds between steps at a stage; null where none is played. An
 * fp32 partition comes with the shards of states: four ranks share it, and AdamW's
 * states in full weigh more than it, as those of 4 bits do not.
 */
function standingAt(input: ScenarioInput, zero_stage: number): number | null {
  const spread = having(input, "parallel", { gpus: 4, tp: 1, pp: 1 });
  const stepped = having(spread, "optimizer", { name: "adamw", bits: 32 });
  return estimate(
    having(stepped, "engine", { name: "deepspeed", zero_stage }),
  ).memory.allocated_steady_bytes;
}

holds("plays ZeRO 1 and 2 with no more between steps than 0", (input) => {
  const [none, states, gradients] = [0, 1, 2].map((n) => standingAt(input, n));
  if (none == null || states == null || gradients == null) return;
  assert(states <= none, `${states} of ${none}`);
  assert(gradients <= states, `${gradients} of ${states}`);
});

/** With so many times the GPUs. */
function times(input: ScenarioInput, ways: number): ScenarioInput {
  const gpus = ways * Number(input.parallel?.gpus);
  return having(input, "parallel", { gpus });
}

holds("counts no more with twice the replicas by shares", (input) => {
  const shares: ScenarioInput = { ...input, method: "factors" };
  assertOrder(times(shares, 2), shares, { slack: ROUNDING });
});

// The first pair of replicas has buckets and gathers that one GPU does without.
holds("counts no more with twice the replicas, from two on", (input) => {
  assertOrder(times(input, 4), times(input, 2), { slack: ROUNDING });
});

for (const axis of ["tp", "pp"] as const) {
  holds(`counts no more with twice the ${axis}`, (input) => {
    const ways = 2 * Number(input.parallel?.[axis]);
    const gpus = 2 * Number(input.parallel?.gpus);
    const has12Heads = input.model === "openai-community/gpt2";
    if (axis === "tp" && has12Heads && ways > 4) return;
    const split = having(input, "parallel", { gpus, [axis]: ways });
    assertOrder(split, input, { slack: ROUNDING });
  });
}

holds("counts no more for full checkpointing than for none", (input) => {
  const full = having(input, "train", { checkpointing: "full" });
  const none = having(input, "train", { checkpointing: "none" });
  assertOrder(full, none, { strictly: true });
});

holds("counts no more for a fused loss than for a full one", (input) => {
  const fused = having(input, "train", { loss: "fused" });
  const full = having(input, "train", { loss: "full" });
  assertOrder(fused, full, { strictly: true });
});

holds(
  "counts no more for 8-bit optimizer states than for 32-bit ones",
  (input) => {
    // States of bf16 weights are bf16, but those of 8-bit optimizers are fp32
    // for embeddings, and for tensors too small to quantise.
    const plain: ScenarioInput = { ...input, precision: { weights: "fp32" } };
    const small = having(plain, "optimizer", { bits: 8 });
    const large = having(plain, "optimizer", { bits: 32 });
    assertOrder(small, large);
  },
);

holds("counts qlora <= lora <= full where ZeRO shards no weights", (input) => {
  const plain: ScenarioInput = {
    ...having(input, "engine", { name: "deepspeed", zero_stage: 2 }),
    quantization: { weights: "none" },
  };
  const lora = { rank: 8, targets: "all-linear" as const };
  const ways = (["qlora", "lora", "full"] as const)
    .map((method) => having(plain, "train", { method, lora }));
  // Adapters' own activations may weigh more than a small model's states, so that
  // a step that is played keeps this order between steps alone.
  const shares = ways.map((way) => peak({ ...way, method: "factors" }));
  const standing = ways.map((way) =>
    estimate(way).memory.allocated_steady_bytes ?? 0
  );
  for (const [qlora = 0, adapters = 0, full = 0] of [shares, standing]) {
    assert(qlora <= adapters, "qlora");
    assert(adapters <= full, "lora");
  }
});

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}
