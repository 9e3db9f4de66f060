import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ScenarioInput } from "../../../lib/mod.ts";
import { estimate, tryEstimate } from "../../../lib/mod.ts";
import { playRanks } from "../../../lib/engines/step.ts";
import { askedOf } from "../asked.ts";

const LLAMA = "meta-llama/Llama-3.1-8B";
const QWEN = "Qwen/Qwen3-30B-A3B";
const DEEPSEEK = "deepseek-ai/DeepSeek-V2-Lite";
const PEFT_ALL = [
  "q_proj",
  "k_proj",
  "v_proj",
  "o_proj",
  "gate_proj",
  "up_proj",
  "down_proj",
];

function asked(
  model: string,
  lora: NonNullable<ScenarioInput["train"]>["lora"] = {},
  parallel: ScenarioInput["parallel"] = { gpus: 2 },
): ScenarioInput {
  return {
    model,
    engine: { name: "megatron" },
    precision: { weights: "bf16" },
    train: { method: "lora", lora: { rank: 16, ...lora } },
    parallel,
  };
}

/** Rows and columns of the matrices that each layer's adapters stand beside. */
const COUNTED: [
  words: string,
  input: ScenarioInput,
  layers: number,
  beside: [rows: number, columns: number][],
][] = [
  [
    "one for each matrix of Megatron-Core",
    asked(LLAMA),
    32,
    [[4096, 6144], [4096, 4096], [4096, 28_672], [14_336, 4096]],
  ],
  [
    "one for each module of transformers where those are named",
    asked(LLAMA, { targets: PEFT_ALL }),
    32,
    [
      [4096, 4096],
      [4096, 1024],
      [4096, 1024],
      [4096, 4096],
      [4096, 14_336],
      [4096, 14_336],
      [14_336, 4096],
    ],
  ],
  [
    "one for all experts of a layer",
    asked(QWEN),
    48,
    [[2048, 5120], [4096, 2048], [2048, 1536], [768, 2048]],
  ],
  [
    "experts by the names that they had",
    asked(QWEN, { targets: ["gate_proj", "up_proj", "down_proj"] }),
    48,
    [[2048, 1536], [768, 2048]],
  ],
  [
    "latents where they are named",
    asked(DEEPSEEK, { targets: ["linear_kv_down_proj", "kv_b_proj"] }),
    27,
    [[2048, 576], [512, 4096]],
  ],
];

for (const [words, input, layers, beside] of COUNTED) {
  const counted = layers *
    beside.reduce((sum, [rows, columns]) => sum + 16 * (rows + columns), 0);
  Deno.test(`adapters of Megatron-Bridge are counted: ${words}`, () => {
    assertEquals(estimate(input).model.trainable_parameters, counted);
  });

  Deno.test(`as many train on the ranks of a model: ${words}`, () => {
    const { scenario, model } = askedOf({
      ...input,
      parallel: { gpus: 2, tp: 2, sequence_parallel: true },
    });
    const ranks = playRanks(scenario, model, { workspaces: false });
    assert(!("reason" in ranks), JSON.stringify(ranks));
    const own = ranks[0]?.trained?.reduce(
      (sum, { elements, copies }) => sum + elements * copies,
      0,
    ) ?? 0;
    // Each parameter begins at a multiple of 64 elements of its buffer.
    const padding = 64 * 2 * layers * beside.length + 128;
    assert(own >= counted / 2 && own <= counted / 2 + padding);
  });
}

Deno.test("no scenario with adapters under Megatron is answered by factors", () => {
  const { method, assumptions } = estimate(asked(LLAMA));
  assertEquals(method, "timeline");
  assert(assumptions.some((each) => /LoRA is Megatron-Bridge's/.test(each)));
});

Deno.test("a frozen base has neither gradients nor states", () => {
  const standing = (method: "full" | "lora") =>
    estimate({ ...asked(LLAMA), train: { method } }).memory
      .allocated_steady_bytes ?? 0;
  const weights = 2 * 8_030_261_248;
  assert(standing("lora") > weights && standing("lora") < 1.05 * weights);
  assert(standing("full") > 5 * weights);
});

const REASONS: [input: ScenarioInput, words: RegExp][] = [
  [
    asked(LLAMA, { rank: 6 }, { gpus: 4, tp: 4 }),
    /train\.lora\.rank must be divisible by parallel\.tp = 4 .* current value is 6; 8 is/,
  ],
  [
    asked(LLAMA, { targets: ["q_proj", "v_proj"] }),
    /must name all of linear_q, linear_k, linear_v, or linear_qkv, .* it has linear_q, linear_v alone/,
  ],
  [
    asked(LLAMA, { targets: [...PEFT_ALL, "linear_fc1"] }),
    /must name either linear_fc1 or its parts/,
  ],
  [asked(LLAMA, { dora: true }), /train\.lora\.dora is not played/],
  [asked(LLAMA, { targets: ".*_proj" }), /must be names with Megatron-Core/],
  [
    asked(LLAMA, { modules_to_save: ["lm_head"] }),
    /train\.lora\.modules_to_save must be empty/,
  ],
  [asked(LLAMA, { bias: "all" }), /train\.lora\.bias must be none/],
];

for (const [input, words] of REASONS) {
  Deno.test(`adapters are not played, with a reason: ${words}`, () => {
    const { scenario, model } = askedOf(input);
    const ranks = playRanks(scenario, model);
    assert("reason" in ranks);
    assertMatch(ranks.reason, words);
    const answer = tryEstimate(input);
    assert(answer.ok);
    assert(answer.value.warnings.some((each) => words.test(each)));
  });
}

Deno.test("targets that name nothing are refused by Megatron-Core's names", () => {
  const answer = tryEstimate(asked(LLAMA, { targets: ["linear_nothing"] }));
  assert(!answer.ok);
  assertEquals(answer.problems[0]?.path, "train.lora.targets");
  assertMatch(
    answer.problems[0]?.message ?? "",
    /must name matrices of Megatron-Core \(linear_qkv, linear_proj, linear_fc1, linear_fc2\)/,
  );
});
