import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  DEFAULT_SCENARIO,
  estimate,
  leavesOf,
  putAt,
  tryEstimate,
} from "../../lib/mod.ts";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { anotherValue } from "./another_value.ts";

const LLAMA = "meta-llama/Llama-3.1-8B";

function answer(input: Partial<ScenarioInput>): Estimate {
  return estimate({ model: LLAMA, ...input, method: "engine-formulas" });
}

/** Scenarios that the method has no number for, and what it says it lacks. */
const UNCOVERED: [Partial<ScenarioInput>, RegExp][] = [
  [{ train: { method: "lora" } }, /it has no adapters/],
  [{ train: { method: "qlora" } }, /it has no adapters/],
  [{ train: { trainable: ["lm_head"] } }, /every parameter trains in it/],
  [{ optimizer: { name: "lion" } }, /not lion with 32 bits/],
  [{ optimizer: { name: "adam", bits: 8 } }, /not adam with 8 bits/],
  [{ optimizer: { bits: 4 } }, /not adamw with 4 bits/],
  [{ quantization: { weights: "nf4" } }, /no nf4 weights/],
  [
    { engine: { name: "fsdp", sharding: "hybrid" }, parallel: { gpus: 8 } },
    /no hybrid sharding/,
  ],
  [
    { task: "serve", serve: { engine: "llama.cpp" } },
    /does not know the engine llama\.cpp/,
  ],
  [{ task: "serve", quantization: { weights: "fp8" } }, /16-bit weights only/],
  [{ task: "serve", serve: { kv_dtype: "q4_0" } }, /no q4_0 cache/],
];

for (const [input, why] of UNCOVERED) {
  Deno.test(`engineFormulas() leaves ${JSON.stringify(input)} to factors`, () => {
    const found = answer(input);
    assertEquals(found.method, "factors");
    assertMatch(found.warnings[0] ?? "", why);
  });
}

/** Settings beside a warning that they bring. */
const WARNED: [name: string, Partial<ScenarioInput>, RegExp][] = [
  [
    "NVMe counts as host offload does",
    {
      engine: {
        name: "deepspeed",
        zero_stage: 2,
        offload_parameters: "nvme",
      },
      parallel: { gpus: 8 },
    },
    /engine\.offload_parameters = "nvme" has no effect/,
  ],
  [
    "ZeRO divides by every GPU",
    {
      engine: { name: "deepspeed", zero_stage: 3 },
      parallel: { gpus: 8, tp: 2 },
    },
    /divided by all 8 GPUs.*4 data-parallel replicas/,
  ],
  [
    "ZeRO knows 16 bits alone",
    {
      engine: { name: "deepspeed", zero_stage: 1 },
      parallel: { gpus: 8 },
      precision: { weights: "fp32" },
    },
    /precision\.weights = fp32 is counted as 16 bits/,
  ],
  [
    "ZeRO knows AdamW alone",
    {
      engine: { name: "deepspeed", zero_stage: 1 },
      parallel: { gpus: 8 },
      optimizer: { bits: 8 },
    },
    /adamw with 8 bits is counted as AdamW/,
  ],
  [
    "a pipeline under Megatron",
    { engine: { name: "megatron" }, parallel: { gpus: 8, tp: 2, pp: 4 } },
    /parallel\.pp = 4 divides the activations only/,
  ],
  [
    "a pipeline under DDP",
    { engine: { name: "ddp" }, parallel: { gpus: 8, pp: 4 } },
    /parallel\.pp = 4 has no effect/,
  ],
  [
    "experts in parallel",
    { model: "mixtral-8x7b", parallel: { gpus: 8, ep: 8 } },
    /parallel\.ep = 8 has no effect/,
  ],
  [
    "heads that share keys and values",
    { task: "serve" },
    /all 32 attention heads, though the model keeps 8/,
  ],
];

for (const [name, input, warning] of WARNED) {
  Deno.test(`engineFormulas() warns: ${name}`, () => {
    const found = answer(input);
    assertEquals(found.method, "engine-formulas");
    assertMatch(found.warnings.join("\n"), warning);
  });
}

Deno.test("engineFormulas() moves optimizer states to the host or to NVMe", () => {
  const of = (offload_optimizer: "none" | "cpu" | "nvme") =>
    answer({
      engine: { name: "deepspeed", zero_stage: 2, offload_optimizer },
      parallel: { gpus: 16 },
    });
  const [kept, host, disk] = [of("none"), of("cpu"), of("nvme")];
  assertEquals(
    host.memory.device_peak_bytes,
    disk.memory.device_peak_bytes,
  );
  assert(host.memory.device_peak_bytes < kept.memory.device_peak_bytes);
  // Two nodes share 12 bytes a parameter.
  assertEquals(host.host.peak_bytes, host.model.parameters * 12 / 2);
  assertEquals(disk.host.peak_bytes, null);
  assertEquals(kept.host.peak_bytes, null);
});

Deno.test("engineFormulas() takes levels of checkpointing, else by the field", () => {
  const activations = (input: Partial<ScenarioInput>): number =>
    answer(input).memory.parts.find(({ name }) => name === "activations")
      ?.bytes ?? 0;
  const none = activations({});
  const at = (level: number) =>
    activations({ engine_formulas: { checkpointing_level: level } });
  assertEquals(
    [0, 1, 2, 3, 4].map((level) => Number((at(level) / none).toFixed(6))),
    [1, 0.8, 0.6, 0.4, 0.2],
  );
  assertEquals(activations({ train: { checkpointing: "full" } }), at(4));
  assertEquals(activations({ train: { checkpointing: "selective" } }), at(2));
});

Deno.test("engineFormulas() counts Megatron-DeepSpeed's stage 0 as 2, and says so", () => {
  const of = (zero_stage: number) =>
    answer({
      engine: { name: "megatron-deepspeed", zero_stage },
      parallel: { gpus: 8, tp: 2 },
    });
  assertEquals(of(0).memory.parts, of(2).memory.parts);
  assertMatch(of(0).assumptions.join("\n"), /zero_stage = 0 is counted as/);
  assert(of(1).memory.device_peak_bytes > of(2).memory.device_peak_bytes);
  assert(of(2).memory.device_peak_bytes > of(3).memory.device_peak_bytes);
});

Deno.test("engineFormulas() recommends a micro batch of at least 1, only where it does not fit", () => {
  const told = (found: Estimate) =>
    found.warnings.some((line) => line.includes("recommends"));
  const gpu = { memory_gib: 24 };
  assert(told(answer({ hardware: { gpu } })));
  assert(!told(answer({ hardware: { gpu: { memory_gib: 500 } } })));
});

/** Values of fields that another one would not tell apart. */
const VALUES: Record<string, unknown> = {
  "optimizer.name": "adam",
  "engine_formulas.checkpointing_level": 3,
};

for (const task of ["train", "serve"] as const) {
  Deno.test(`engineFormulas() leaves no field ignored in silence (${task})`, () => {
    const base = { model: LLAMA, task, method: "engine-formulas" as const };
    const alone = estimate(base);
    const onFour = estimate({ ...base, parallel: { gpus: 4 } });
    const silent: string[] = [];
    for (const { path, value } of leavesOf(DEFAULT_SCENARIO)) {
      if (["model", "task", "method"].includes(path)) continue;
      const input: Record<string, unknown> = { ...base };
      putAt(input, path, anotherValue(path, value, VALUES));
      const split = /^(parallel|engine)\./.test(path);
      if (split) putAt(input, "parallel.gpus", 4);
      const usual = split && path !== "parallel.gpus" ? onFour : alone;
      const told = new Set([...usual.warnings, ...usual.assumptions]);
      const result = tryEstimate(input);
      if (!result.ok) {
        assertMatch(path, /^(parallel\.ep|train\.image)/);
        continue;
      }
      const { memory, kv, host, fit, warnings, assumptions } = result.value;
      const same = JSON.stringify([memory, kv, host, fit]) ===
        JSON.stringify([usual.memory, usual.kv, usual.host, usual.fit]);
      const said = [...warnings, ...assumptions].some((line) =>
        !told.has(line) && !line.startsWith("Defaults: ")
      );
      if (same && !said) silent.push(path);
    }
    assertEquals(silent, task === "train" ? FREE : FREE_SERVED);
  });
}

/** Fields that cost no memory by this method, whatever their value. */
const FREE = [
  "train.gradient_accumulation",
  // Adam beside AdamW.
  "optimizer.name",
];
const FREE_SERVED = ["parallel.gpus"];
