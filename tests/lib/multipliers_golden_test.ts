import { assert, assertEquals, assertMatch } from "@std/assert";
import { estimate } from "../../lib/mod.ts";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { gpusNeeded } from "../../lib/methods/multipliers/gpus_needed.ts";

/**
 * What gpu_memory_calculator.py prints for phi-2, in GiB with six digits. Its
 * document prints 32.24 for the first.
 */
const PHI_2 = "microsoft/phi-2";
const BATCH_4 = { micro_batch: 4, sequence_length: 2048 };

interface Golden {
  name: string;
  scenario: Omit<ScenarioInput, "model">;
  parts: Record<string, number>;
  total: number;
}

const WEIGHTS = 5.177565;
const SERVED = {
  task: "serve" as const,
  serve: { input_tokens: 2048, output_tokens: 0 },
};

const GOLDEN: Golden[] = [
  {
    name: "the document's example: AdamW, batch 4",
    scenario: { train: BATCH_4 },
    parts: {
      "weights": WEIGHTS,
      "gradients": WEIGHTS,
      "optimizer states": 10.355129,
      "activations": 11.25,
      "embeddings": 0.244141,
      "input data": 0.039062,
    },
    total: 32.243462,
  },
  {
    name: "the same with gradient checkpointing",
    scenario: { train: { ...BATCH_4, checkpointing: "full" } },
    parts: {
      "weights": WEIGHTS,
      "gradients": WEIGHTS,
      "optimizer states": 10.355129,
      "activations": 3.375,
      "embeddings": 0.244141,
      "input data": 0.039062,
    },
    total: 24.368462,
  },
  {
    name: "SGD with momentum, batch 1",
    scenario: { optimizer: { name: "sgd-momentum" } },
    parts: {
      "weights": WEIGHTS,
      "gradients": WEIGHTS,
      "optimizer states": WEIGHTS,
      "activations": 2.8125,
      "embeddings": 0.244141,
      "input data": 0.009766,
    },
    total: 18.5991,
  },
  {
    name: "inference, batch 1",
    scenario: SERVED,
    parts: {
      "weights": WEIGHTS,
      "KV cache": 0.625,
      "embeddings": 0.244141,
      "input data": 0.009766,
      "temporary activations": 0.28125,
    },
    total: 6.337721,
  },
  {
    name: "inference without a KV cache",
    scenario: { ...SERVED, serve: { ...SERVED.serve, kv_cache: false } },
    parts: {
      "weights": WEIGHTS,
      "embeddings": 0.244141,
      "input data": 0.009766,
      "temporary activations": 0.28125,
    },
    total: 5.712721,
  },
];

for (const { name, scenario, parts, total } of GOLDEN) {
  Deno.test(`multipliers() gives the program's own numbers: ${name}`, () => {
    const { memory } = answer(scenario);
    assertEquals(memory.parts.map((part) => part.name), Object.keys(parts));
    for (const { name, bytes } of memory.parts) {
      assertNear(bytes, parts[name] ?? NaN);
    }
    assertEquals(rounded(memory.device_peak_bytes), total);
  });
}

/** Training of phi-2 in bf16 with batch 4, by the program's names. */
const OPTIMIZERS = {
  "sgd": 21.888332,
  "sgd-momentum": 27.065897,
  "nesterov": 27.065897,
  "adagrad": 27.065897,
  "rmsprop": 27.065897,
  "adam": 32.243462,
  "adamw": 32.243462,
  "adafactor": 24.477115,
  "lamb": 32.243462,
  "lion": 27.065897,
  "nadam": 32.243462,
  "amsgrad": 32.243462,
  "sparse-adam": 32.243462,
  "shampoo": 37.421026,
  "adabelief": 32.243462,
} as const;

for (const [name, total] of Object.entries(OPTIMIZERS)) {
  Deno.test(`multipliers() knows the optimizer ${name}`, () => {
    const { memory } = answer({
      train: BATCH_4,
      optimizer: { name: name as keyof typeof OPTIMIZERS },
    });
    assertEquals(rounded(memory.device_peak_bytes), total);
  });
}

/** Training with batch 4, and inference with batch 1. */
const PRECISIONS: [type: string, training: number, inference: number][] = [
  ["fp32", 64.486923, 12.675442],
  ["fp16", 32.243462, 6.337721],
  ["bf16", 32.243462, 6.337721],
  ["int8", 16.121731, 3.16886],
  ["int4", 8.060865, 1.58443],
];

for (const [type, training, inference] of PRECISIONS) {
  Deno.test(`multipliers() knows the precision ${type}`, () => {
    const types = /^int/.test(type)
      ? { quantization: { weights: type } }
      : { precision: { weights: type as "fp32" | "fp16" | "bf16" } };
    const trained = answer({ ...types, train: BATCH_4 });
    const served = answer({ ...types, ...SERVED });
    assertNear(trained.memory.device_peak_bytes, training);
    assertNear(served.memory.device_peak_bytes, inference);
  });
}

Deno.test("gpusNeeded() divides the document's total as it prints it", () => {
  const { memory } = answer({ train: BATCH_4 });
  assertEquals(
    gpusNeeded(memory.device_peak_bytes, "A100-80GB").map(({ gpu, count }) => [
      gpu,
      count.toFixed(1),
    ]),
    [["A100 80GB", "0.4"], ["H100 80GB", "0.4"], ["A100 40GB", "0.8"]],
  );
});

Deno.test("gpusNeeded() adds a GPU of one's own, by the memory that programs see", () => {
  const own = gpusNeeded(47 * 1024 ** 3, { memory_gib: 23.5 }).at(-1);
  assertEquals(own, { gpu: "23.50 GiB", count: 2 });
  assertEquals(gpusNeeded(1, "rtx-4090").at(-1)?.gpu, "RTX 4090");
});

Deno.test("multipliers() takes constants of one's own", () => {
  const part = (scenario: Omit<ScenarioInput, "model">, name: string) =>
    answer(scenario).memory.parts.find((each) => each.name === name)?.bytes;
  assertNear(
    Number(part({
      train: { ...BATCH_4, checkpointing: "full" },
      multipliers: { gradient_checkpointing: 0.5 },
    }, "activations")),
    5.625,
  );
  assertNear(
    Number(part({
      ...SERVED,
      multipliers: { inference_activations: 0.2 },
    }, "temporary activations")),
    0.5625,
  );
});

Deno.test("multipliers() has parts that sum to its total, whatever is asked", () => {
  for (const { scenario } of GOLDEN) {
    const { memory } = answer(scenario);
    assertEquals(
      memory.parts.reduce((sum, { bytes }) => sum + bytes, 0),
      memory.device_peak_bytes,
    );
  }
});

const UNCOVERED: [settings: Omit<ScenarioInput, "model">, why: RegExp][] = [
  [{ train: { method: "lora" } }, /it has no adapters/],
  [{ train: { method: "qlora" } }, /it has no adapters/],
  [{ train: { trainable: ["lm_head"] } }, /every parameter trains/],
  [{ train: { checkpointing: "selective" } }, /no selective/],
  [{ train: { images_per_sample: 1 } }, /no images/],
  [{ optimizer: { name: "muon" } }, /muon is none of the fifteen/],
  [{ optimizer: { bits: 8 } }, /no 8-bit optimizer states/],
  [{ quantization: { weights: "mxfp4" } }, /no mxfp4 weights/],
  [{ parallel: { gpus: 8 } }, /one GPU/],
  [{ ...SERVED, serve: { kv_dtype: "fp8" } }, /not fp8/],
  [{ ...SERVED, serve: { cache_tokens: 4096 } }, /up front/],
];

for (const [settings, why] of UNCOVERED) {
  Deno.test(`multipliers() leaves ${JSON.stringify(settings)} to another method`, () => {
    const { method, warnings } = estimate({
      model: PHI_2,
      method: "multipliers",
      ...settings,
    });
    assertEquals(method, "factors");
    assertMatch(warnings[0] ?? "", why);
  });
}

Deno.test("multipliers() says that its cache takes all heads for kept", () => {
  const { warnings } = estimate({
    model: "mistralai/Mistral-7B-v0.1",
    method: "multipliers",
    ...SERVED,
  });
  assertMatch(warnings.join("\n"), /keeps 8 of 32 heads/);
  assertEquals(answer(SERVED).warnings, []);
});

function answer(scenario: Omit<ScenarioInput, "model">): Estimate {
  const found = estimate({
    model: PHI_2,
    method: "multipliers",
    ...scenario,
  });
  assertEquals(found.method, "multipliers");
  return found;
}

function rounded(bytes: number): number {
  return Number((bytes / 1024 ** 3).toFixed(6));
}

/** Whole bytes, and ties, move the last digit that the program prints. */
function assertNear(bytes: number, gib: number): void {
  assert(Math.abs(bytes / 1024 ** 3 - gib) < 1e-6, `${bytes} is not ${gib}`);
}
