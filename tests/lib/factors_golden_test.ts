import { assertAlmostEquals, assertEquals } from "@std/assert";
import { estimate } from "../../lib/mod.ts";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";

/**
 * What MiaoDX/llm_vlm_memory_estimator@0e8e1ce `cli.py` printed when it ran, in
 * GiB: the rows are its own output fields. One number differs on purpose: at
 * ZeRO stage 0 the program adds 1.0 GiB for DeepSpeed where its reference says
 * 0.0; the reference is followed, so `deepspeed` is 0 and the totals are 1 less.
 */
interface Golden {
  name: string;
  scenario: ScenarioInput;
  weights: number;
  trainable: number;
  attention: number;
  mlp: number;
  logits: number;
  vision?: number;
  deepspeed: number;
  transient: number;
  peak: number;
}

const LLAMA_2_7B = "meta-llama/Llama-2-7b-hf";
const MISTRAL_7B = "mistralai/Mistral-7B-v0.1";
const ALL_SEVEN = [
  "q_proj",
  "k_proj",
  "v_proj",
  "o_proj",
  "gate_proj",
  "up_proj",
  "down_proj",
];
const usual = { sequence_length: 4096, checkpointing: "full" as const };
const zero3 = { name: "deepspeed" as const, zero_stage: 3 };

const GOLDEN: Golden[] = [
  {
    name: "example 1: Llama-2-7B, ZeRO-2 over 8, batch 2",
    scenario: {
      model: LLAMA_2_7B,
      train: { ...usual, micro_batch: 2 },
      parallel: { gpus: 8 },
      engine: { name: "deepspeed", zero_stage: 2 },
    },
    weights: 12.551277,
    trainable: 32.947103,
    attention: 0.56,
    mlp: 4.2,
    logits: 0.488281,
    deepspeed: 2,
    transient: 0.2,
    peak: 63.446661,
  },
  {
    name: "example 2: Mistral-7B, NF4 with every parameter trained",
    scenario: {
      model: MISTRAL_7B,
      train: { ...usual },
      quantization: { weights: "nf4" },
      parallel: { gpus: 8, tp: 2 },
      engine: zero3,
    },
    weights: 1.888429,
    trainable: 11.80268,
    attention: 0.14,
    mlp: 1.05,
    logits: 0.12207,
    deepspeed: 3,
    transient: 0.1,
    peak: 28.603179,
  },
  {
    name: "example 2 with LoRA: Mistral-7B, QLoRA rank 8",
    scenario: {
      model: MISTRAL_7B,
      train: {
        ...usual,
        method: "qlora",
        lora: { rank: 8, targets: ALL_SEVEN },
      },
      parallel: { gpus: 8, tp: 2 },
      engine: zero3,
    },
    weights: 1.888429,
    trainable: 0.068237,
    attention: 0.14,
    mlp: 1.05,
    logits: 0.12207,
    deepspeed: 3,
    transient: 0.1,
    peak: 16.868736,
  },
  {
    name: "example 3: Llama-2-70B, LoRA rank 64, ZeRO-3 over 32, tp 4",
    scenario: {
      model: "meta-llama/Llama-2-70b-hf",
      train: {
        ...usual,
        method: "lora",
        lora: { rank: 64, targets: ALL_SEVEN },
      },
      parallel: { gpus: 128, tp: 4 },
      engine: zero3,
    },
    weights: 1.003742,
    trainable: 0.905457,
    attention: 0.35,
    mlp: 2.625,
    logits: 0.061035,
    deepspeed: 3,
    transient: 0.506799,
    peak: 18.952033,
  },
  {
    name: "example 4: Llama-2-7B on one GPU, batch 2",
    scenario: { model: LLAMA_2_7B, train: { ...usual, micro_batch: 2 } },
    weights: 12.551277,
    trainable: 87.85894,
    attention: 0.56,
    mlp: 4.2,
    logits: 0.488281,
    deepspeed: 0,
    transient: 0.2,
    peak: 116.358499,
  },
  {
    name: "no FlashAttention, no checkpointing, 2048 tokens",
    scenario: {
      model: LLAMA_2_7B,
      train: { sequence_length: 2048, attention: "eager" },
    },
    weights: 12.551277,
    trainable: 87.85894,
    attention: 18,
    mlp: 3,
    logits: 0.12207,
    deepspeed: 0,
    transient: 0.1,
    peak: 132.132288,
  },
  {
    name: "fused loss over two pipeline stages",
    scenario: {
      model: LLAMA_2_7B,
      train: { ...usual, micro_batch: 2, loss: "fused" },
      parallel: { gpus: 2, pp: 2 },
    },
    weights: 6.275639,
    trainable: 43.92947,
    attention: 0.28,
    mlp: 2.1,
    logits: 0.097656,
    deepspeed: 0,
    transient: 0.2,
    peak: 63.382765,
  },
  {
    name: "one 448-pixel image a sequence, patches of 14",
    scenario: {
      model: LLAMA_2_7B,
      train: { ...usual, images_per_sample: 1, image_size: [448, 448] },
    },
    weights: 12.551277,
    trainable: 87.85894,
    attention: 0.28,
    mlp: 2.1,
    logits: 0.244141,
    vision: 0.016406,
    deepspeed: 0,
    transient: 0.1,
    peak: 113.650764,
  },
];

/** The goldens print six decimals of a GiB. */
const PRINTED = 0.6e-6;

for (const golden of GOLDEN) {
  Deno.test(`factors() reproduces ${golden.name}`, () => {
    const result = factorsOf(golden.scenario);
    const near = (parts: string[], gib: number): void =>
      assertAlmostEquals(
        gibOf(result, parts),
        gib,
        PRINTED,
        `${parts}: ${gibOf(result, parts)} but the program printed ${gib}`,
      );
    near(["weights"], golden.weights);
    near(["gradients", "optimizer states", "master weights"], golden.trainable);
    near(["attention activations"], golden.attention);
    near(["MLP activations"], golden.mlp);
    near(["logits"], golden.logits);
    near(["vision activations"], golden.vision ?? 0);
    near(["DeepSpeed overhead"], golden.deepspeed);
    near(["transient buffers", "ZeRO-3 gathered weights"], golden.transient);
    near(["CUDA context"], 2.5);
    near(["framework overhead"], 3);
    near(["fragmentation"], 5);
    assertAlmostEquals(
      result.memory.device_peak_bytes / 1024 ** 3,
      golden.peak,
      2 * PRINTED,
    );
  });
}

Deno.test("factors() gives the reference's values of every calibration factor", () => {
  const { factors } = estimate({ model: LLAMA_2_7B }).scenario;
  assertEquals(factors.attn_act_factor_no_fa, 4.0);
  assertEquals(factors.attn_act_factor_fa, 0.8);
  assertEquals(factors.mlp_act_factor, 6.0);
  assertEquals(factors.logits_factor, 1.0);
  assertEquals(factors.grad_ckpt_reduction, 0.35);
  assertEquals(factors.fused_loss_factor, 0.2);
  assertEquals(factors.fragmentation_gib, 5.0);
  assertEquals(factors.cuda_libs_gib, 2.5);
  assertEquals(factors.misc_overhead_gib, 3.0);
});

Deno.test("factors() adds the reference's DeepSpeed cushion by stage", () => {
  const cushion = (zero_stage: number): number =>
    gibOf(
      factorsOf({
        model: LLAMA_2_7B,
        parallel: { gpus: 8 },
        engine: { name: "deepspeed", zero_stage },
      }),
      ["DeepSpeed overhead"],
    );
  assertEquals([0, 1, 2, 3].map(cushion), [0, 1.5, 2, 3]);
});

Deno.test("factors() counts one byte a parameter for 8-bit AdamW and four for other optimizers", () => {
  const states = (optimizer: ScenarioInput["optimizer"]): number =>
    gibOf(
      factorsOf({ model: LLAMA_2_7B, ...(optimizer ? { optimizer } : {}) }),
      [
        "optimizer states",
      ],
    ) * 1024 ** 3 / 6_738_415_616;
  assertAlmostEquals(states({ bits: 8 }), 1);
  assertAlmostEquals(states({ name: "sgd" }), 4);
  assertAlmostEquals(states({}), 8);
});

Deno.test("factors() counts the cache by hidden size where it is left on", () => {
  const result = factorsOf({
    model: LLAMA_2_7B,
    factors: { kv_cache: true },
  });
  assertEquals(
    gibOf(result, ["KV cache"]),
    2 * 2048 * 32 * 4096 * 2 / 1024 ** 3,
  );
});

function factorsOf(scenario: ScenarioInput): Estimate {
  return estimate({ ...scenario, method: "factors" });
}

function gibOf(result: Estimate, names: string[]): number {
  return result.memory.parts
    .filter(({ name }) => names.includes(name))
    .reduce((sum, { bytes }) => sum + bytes, 0) / 1024 ** 3;
}
