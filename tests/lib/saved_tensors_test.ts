import { assert, assertEquals } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { parseScenario } from "../../lib/scenario/parse_scenario.ts";
import { recordPass } from "../../lib/engines/blocks/pass.ts";
import { stepPlanOf } from "../../lib/plan/step_plan.ts";
import { assertOk, assertPlayed } from "./results.ts";

/** A layer of small dimensions, and the bytes that autograd kept of it. */
interface Case {
  config: Record<string, unknown>;
  settings?: Omit<ScenarioInput, "model">;
  bytes: number;
}

const SIZES = {
  hidden_size: 320,
  intermediate_size: 704,
  num_hidden_layers: 3,
  num_attention_heads: 5,
  num_key_value_heads: 1,
  vocab_size: 1000,
};
const llama = { model_type: "llama", ...SIZES };
const wide = { ...SIZES, head_dim: 96 };
const SEVEN = [
  "q_proj",
  "k_proj",
  "v_proj",
  "o_proj",
  "gate_proj",
  "up_proj",
  "down_proj",
];
const lora = (
  more: Record<string, unknown>,
  autocast: "bf16" | null = null,
): Omit<ScenarioInput, "model"> => ({
  train: { method: "lora", lora: { rank: 16, targets: SEVEN, ...more } },
  precision: { autocast },
});

/**
 * What transformers 5.0 on torch 2.6 kept of one layer for 2 × 64 tokens with
 * flash attention, as a tracer listed it tensor by tensor.
 */
const CASES: Record<string, Case> = {
  "llama": { config: llama, bytes: 1_577_472 },
  "qwen2": { config: { ...llama, model_type: "qwen2" }, bytes: 1_577_472 },
  "granite": { config: { ...llama, model_type: "granite" }, bytes: 1_577_472 },
  "smollm3": { config: { ...llama, model_type: "smollm3" }, bytes: 1_577_472 },
  "qwen3": { config: { model_type: "qwen3", ...wide }, bytes: 2_121_216 },
  "gemma": { config: { model_type: "gemma", ...wide }, bytes: 1_842_688 },
  "gemma2": { config: { model_type: "gemma2", ...wide }, bytes: 2_502_144 },
  "gemma3": {
    config: { model_type: "gemma3_text", ...wide },
    bytes: 3_096_064,
  },
  "phi3": { config: { ...llama, model_type: "phi3" }, bytes: 1_757_696 },
  "phi": {
    config: { ...llama, model_type: "phi", num_key_value_heads: 5 },
    bytes: 1_479_168,
  },
  "olmo2": { config: { ...llama, model_type: "olmo2" }, bytes: 2_135_552 },
  "cohere": { config: { ...llama, model_type: "cohere" }, bytes: 1_496_576 },
  "cohere2": { config: { ...llama, model_type: "cohere2" }, bytes: 1_496_576 },
  "glm4": { config: { model_type: "glm4", ...wide }, bytes: 2_303_488 },
  "starcoder2": {
    config: { ...llama, model_type: "starcoder2" },
    bytes: 890_368,
  },
  "olmo": { config: { ...llama, model_type: "olmo" }, bytes: 1_414_656 },
  "exaone4": { config: { ...llama, model_type: "exaone4" }, bytes: 1_875_456 },
  "stablelm": {
    config: { ...llama, model_type: "stablelm" },
    bytes: 1_332_736,
  },
  "gpt2": {
    config: {
      model_type: "gpt2",
      n_embd: 320,
      n_layer: 3,
      n_head: 5,
      vocab_size: 1000,
      n_positions: 1024,
    },
    bytes: 2_381_312,
  },
  "gpt_neox": {
    config: { ...llama, model_type: "gpt_neox" },
    bytes: 1_185_280,
  },
  "llama in fp32": {
    config: llama,
    settings: { precision: { weights: "fp32" } },
    bytes: 2_822_656,
  },
  "llama in fp32 under autocast": {
    config: llama,
    settings: { precision: { weights: "fp32", autocast: "bf16" } },
    bytes: 3_830_272,
  },
  "llama in bf16 under autocast": {
    config: llama,
    settings: { precision: { autocast: "bf16" } },
    bytes: 1_577_472,
  },
  "llama with eager attention": {
    config: llama,
    settings: { train: { attention: "eager" } },
    bytes: 1_950_720,
  },
  "gpt2 in fp32 under autocast": {
    config: {
      model_type: "gpt2",
      n_embd: 320,
      n_layer: 3,
      n_head: 5,
      vocab_size: 1000,
      n_positions: 1024,
    },
    settings: { precision: { weights: "fp32", autocast: "bf16" } },
    bytes: 5_985_792,
  },
  "qwen3 in fp32 under autocast": {
    config: { model_type: "qwen3", ...wide },
    settings: { precision: { weights: "fp32", autocast: "bf16" } },
    bytes: 4_619_776,
  },
  "LoRA on q and v": {
    config: llama,
    settings: lora({ targets: ["q_proj", "v_proj"] }),
    bytes: 1_413_632,
  },
  "LoRA on all": { config: llama, settings: lora({}), bytes: 2_470_400 },
  "LoRA on all in bf16": {
    config: llama,
    settings: lora({ adapter_dtype: "bf16" }),
    bytes: 1_442_304,
  },
  "LoRA on all with dropout": {
    config: llama,
    settings: lora({ dropout: 0.05 }),
    bytes: 2_806_272,
  },
  "LoRA on all under autocast": {
    config: llama,
    settings: lora({}, "bf16"),
    bytes: 1_933_824,
  },
  "LoRA on all under autocast with dropout": {
    config: llama,
    settings: lora({ dropout: 0.05 }, "bf16"),
    bytes: 2_269_696,
  },
  "DoRA on all in bf16": {
    config: llama,
    settings: lora({ adapter_dtype: "bf16", dora: true }),
    bytes: 2_741_760,
  },
};

/** The bytes that a middle layer leaves for its backward pass. */
function keptBytes({ config, settings = {} }: Case): number {
  const parsed = parseScenario({
    model: { config },
    ...settings,
    train: { ...settings.train, micro_batch: 2, sequence_length: 64 },
  });
  assertOk(parsed);
  const model = resolveModel({ config });
  assertOk(model);
  const plan = stepPlanOf(parsed.value, model.value);
  assertPlayed(plan);
  const { stacks } = recordPass(plan, { workspaces: false }, {
    accumulation: "keep",
  });
  const middle = stacks.at(-1)?.[2]?.block;
  assert(middle);
  return middle.forward.net + middle.exit.net;
}

for (const [name, each] of Object.entries(CASES)) {
  Deno.test(`a layer keeps what autograd kept: ${name}`, () => {
    assertEquals(keptBytes(each), each.bytes);
  });
}
