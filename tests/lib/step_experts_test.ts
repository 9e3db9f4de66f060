import { assert, assertEquals } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { DTYPE_BYTES } from "../../lib/play/torch/dtype.ts";
import { estimated, holds, played } from "./played.ts";

const SIZES = {
  hidden_size: 256,
  intermediate_size: 512,
  moe_intermediate_size: 128,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 1000,
};

/** Small mixtures of experts: one with a shared expert, one with a wide router. */
const MODELS: Record<string, Record<string, unknown>> = {
  mixtral: { ...SIZES, num_local_experts: 4, num_experts_per_tok: 2 },
  qwen3_moe: { ...SIZES, num_experts: 8, num_experts_per_tok: 4, head_dim: 64 },
  deepseek_v3: {
    ...SIZES,
    num_key_value_heads: 4,
    n_routed_experts: 8,
    num_experts_per_tok: 2,
    n_group: 2,
    topk_group: 1,
    first_k_dense_replace: 1,
    q_lora_rank: 64,
    kv_lora_rank: 64,
    qk_rope_head_dim: 32,
    qk_nope_head_dim: 32,
    v_head_dim: 32,
  },
};

type Software = NonNullable<ScenarioInput["software"]>;
type Train = NonNullable<ScenarioInput["train"]>;
type Rule = Omit<ScenarioInput, "model">;

/** Releases that run experts and their adapters in code of their own. */
const RELEASES: Record<string, Software> = {
  "today's": {},
  "PEFT 0.20": { peft: "0.20.0" },
  "PEFT 0.18": { peft: "0.18.1" },
  "torch 2.6": { torch: "2.6.0" },
  "transformers 4": { transformers: "4.57.0" },
};

const LORA: Train = { method: "lora", lora: { targets: "all-linear" } };

const RULES: Record<string, Rule> = {
  full: {},
  "full fp32 under autocast": {
    precision: { weights: "fp32", autocast: "bf16" },
  },
  lora: { train: LORA },
  "lora under autocast": { train: LORA, precision: { autocast: "bf16" } },
  "lora in bf16, unscaled": {
    train: {
      method: "lora",
      lora: {
        targets: "all-linear",
        adapter_dtype: "bf16",
        rank: 32,
        alpha: 32,
      },
    },
  },
  qlora: {
    train: { ...LORA, method: "qlora" },
    quantization: { weights: "nf4-dq" },
    precision: { autocast: "bf16" },
  },
};

function scenarioOf(
  type: string,
  rule: Rule,
  train: Train = {},
  software: Software = {},
): ScenarioInput {
  return {
    ...rule,
    model: { config: { model_type: type, ...MODELS[type] } },
    train: {
      micro_batch: 2,
      sequence_length: 96,
      ...rule.train,
      ...train,
    },
    software,
  };
}

for (const [release, software] of Object.entries(RELEASES)) {
  Deno.test(`steps with experts leave gradients and nothing else: ${release}`, () => {
    for (const type of Object.keys(MODELS)) {
      for (const rule of Object.values(RULES)) {
        for (const checkpointing of ["none", "full"] as const) {
          holds(scenarioOf(type, rule, { checkpointing }, software));
        }
      }
    }
  });
}

Deno.test("adapted experts are formed anew, and kept for the backward pass", () => {
  for (const type of ["mixtral", "qwen3_moe"]) {
    const start = (targets: string[] | "all-linear") =>
      played(scenarioOf(type, {
        train: { method: "lora", lora: { targets, adapter_dtype: "bf16" } },
      })).phases.backwardStart;
    const { plan } = played(scenarioOf(type, {}));
    const experts = plan.inventory.trained.filter(({ name }) =>
      /\.experts\./.test(name)
    )
      .reduce(
        (sum, { elements, copies, dtype }) =>
          sum + copies * elements * DTYPE_BYTES[dtype],
        0,
      );
    const more = start("all-linear") - start(["q_proj", "v_proj"]);
    assert(more > experts, `${type}: ${more} of ${experts}`);
  }
});

Deno.test("checkpoints keep one layer's formed experts at a time", () => {
  const start = (checkpointing: "none" | "full") =>
    played(scenarioOf("mixtral", { train: LORA }, { checkpointing }))
      .phases;
  const { plan } = played(scenarioOf("mixtral", {}));
  const layers = plan.inventory.trained.filter(({ name }) =>
    /\.experts\./.test(name)
  )
    .reduce(
      (sum, { elements, dtype }) => sum + elements * DTYPE_BYTES[dtype],
      0,
    );
  const none = start("none");
  const full = start("full");
  assert(none.backwardStart - full.backwardStart > 2 * layers);
  assert(full.backward - full.backwardEnd > layers);
});

Deno.test("PEFT before 0.21 makes an update as large as the experts first", () => {
  const peak = (peft: string) =>
    played(
      scenarioOf("mixtral", { train: LORA }, { checkpointing: "full" }, {
        peft,
      }),
    ).phases.backward;
  const { hidden_size, intermediate_size } = SIZES;
  const gateUp = 2 * hidden_size * intermediate_size * 4;
  assert(peak("0.20.0") - peak("0.21.2") > gateUp * DTYPE_BYTES.bf16);
});

Deno.test("every expert of transformers 4 has gradients of its own", () => {
  for (const rule of [{}, { train: LORA }]) {
    const step = played(
      scenarioOf("qwen3_moe", rule, {}, {
        transformers: "4.57.0",
      }),
    );
    const segments = step.program.step.flatMap((act) =>
      act.act === "run" && act.name === "backward" &&
        typeof act.at === "number"
        ? [act.segment]
        : []
    );
    const made = segments.reduce(
      (sum, { tape, from, to }) => {
        for (let at = from; at < to; at++) {
          const event = tape.events[at] ?? 0;
          const id = event >= 0 ? event : ~event;
          if (tape.parts[id] !== "gradients") continue;
          sum += (event >= 0 ? 1 : -1) * (tape.bytes[id] ?? 0);
        }
        return sum;
      },
      0,
    );
    const own = step.plan.inventory.trained.filter(({ name }) =>
      name.includes(".layers.")
    )
      .reduce(
        (sum, { elements, copies, dtype }) =>
          sum + copies * elements * DTYPE_BYTES[dtype],
        0,
      );
    assert(Math.abs(made / own - 1) < 0.02, `${made} of ${own}`);
  }
});

Deno.test("the release of PEFT that is not said is today's", () => {
  const of = (software: Software) =>
    estimated(scenarioOf("mixtral", { train: LORA }, {}, software)).memory
      .allocated_peak_bytes ?? 0;
  assertEquals(of({}), of({ peft: "0.21.2" }));
  assert(of({}) > of({ peft: "0.18.1" }));
});
