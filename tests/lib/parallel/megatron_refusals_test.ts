import { assert, assertMatch } from "@std/assert";
import type { ScenarioInput } from "../../../lib/mod.ts";
import { tryEstimate } from "../../../lib/mod.ts";
import { playRanks } from "../../../lib/engines/step.ts";
import { resolveModel } from "../../../lib/models/resolve_model.ts";
import { parseScenario } from "../../../lib/scenario/parse_scenario.ts";
import { assertOk } from "../results.ts";

const LLAMA = "meta-llama/Llama-3.1-8B";
const QWEN = "Qwen/Qwen3-30B-A3B";
const megatron = { name: "megatron" } as const;

const DIMS = {
  tie_embeddings: false,
  gated_mlp: true,
  layers: 12,
  hidden_size: 3072,
  attention_heads: 24,
  kv_heads: 8,
  intermediate_size: 8192,
  vocab_size: 32_000,
};

const REFUSED: [input: ScenarioInput, words: RegExp][] = [
  [
    { model: LLAMA, parallel: { gpus: 8, pp: 4, virtual_pipeline: 3 } },
    /virtual_pipeline must divide the 8 layers of a stage: current value is 3; 2 and 4 do/,
  ],
  [
    { model: LLAMA, parallel: { gpus: 8, virtual_pipeline: 2 } },
    /virtual_pipeline must be 1 with parallel\.pp = 1: current value is 2/,
  ],
  [
    {
      model: LLAMA,
      parallel: { gpus: 8, pp: 4, layers_of_first_stage: 7 },
    },
    /layers_of_first_stage must leave layers .* 25 of the model's 32 are left/,
  ],
  [
    {
      model: QWEN,
      parallel: { gpus: 16, tp: 4, ep: 8, sequence_parallel: true },
    },
    /parallel\.ep x etp = 8 x 4 must divide the 16 GPUs of a stage: current value is 8; 4 does/,
  ],
  [
    {
      model: { dims: DIMS },
      parallel: { gpus: 12, tp: 12 },
    },
    /parallel\.tp must divide the model's 8 key-value heads for Megatron, or be a multiple of them: current value is 12; 8 and 24 do/,
  ],
];

for (const [input, words] of REFUSED) {
  Deno.test(`a mesh is refused: ${JSON.stringify(input.parallel)}`, () => {
    const answer = tryEstimate({ engine: megatron, ...input });
    assert(!answer.ok);
    assertMatch(answer.problems[0]?.message ?? "", words);
  });
}

const NOT_PLAYED: [input: ScenarioInput, words: RegExp][] = [
  [
    { model: "ai21labs/Jamba-v0.1", parallel: { gpus: 8 } },
    /layers of models of type jamba .*: they keep states, as Mamba's do/,
  ],
  [
    { model: "Qwen/Qwen2-VL-7B-Instruct", parallel: { gpus: 8 } },
    /models of type qwen2_vl\w* have a tower of images or sounds/,
  ],
  [
    {
      model: "Qwen/Qwen2-VL-7B-Instruct",
      train: { images_per_sample: 2, sequence_length: 8192 },
      parallel: { gpus: 8 },
    },
    /train\.images_per_sample 2 is not played with Megatron-Core/,
  ],
  [
    { model: LLAMA, quantization: { weights: "fp8" } },
    /quantization\.weights fp8 is not played with Megatron-Core/,
  ],
  [
    { model: LLAMA, parallel: { gpus: 9, pp: 3, tp: 1 } },
    /parallel\.pp must divide the model's 32 layers for Megatron.*current value is 3; 2 and 4 do/,
  ],
  [
    { model: LLAMA, train: { method: "qlora" } },
    /qlora is not played with Megatron-Core, whose weights are never in 4 bits/,
  ],
  [
    {
      model: LLAMA,
      train: { method: "lora", checkpointing: "selective" },
      engine: { ...megatron, recompute_modules: ["layernorm"] },
    },
    /recompute_modules must leave out layernorm/,
  ],
  [
    { model: QWEN, parallel: { gpus: 8, tp: 2, ep: 2, etp: 1 } },
    /sequence_parallel has to be true with parallel\.tp = 2/,
  ],
  [
    { model: "google/gemma-2-9b", parallel: { gpus: 8 } },
    /layers of models of type gemma2 .*: their norms and sums are in another order \(sandwich\)/,
  ],
  [
    { model: LLAMA, parallel: { gpus: 2, cp: 2, cp_kind: "ulysses" } },
    /cp_kind ulysses/,
  ],
];

for (const [input, words] of NOT_PLAYED) {
  Deno.test(`a step is not played, with a reason: ${words}`, () => {
    const scenario = parseScenario({ engine: megatron, ...input });
    assertOk(scenario);
    const model = resolveModel(scenario.value.model);
    assertOk(model);
    const ranks = playRanks(scenario.value, model.value);
    assert("reason" in ranks);
    assertMatch(ranks.reason, words);
  });
}
