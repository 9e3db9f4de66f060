import type { ScenarioInput } from "./parse_scenario.ts";

/** A scenario that is worth starting from. */
export interface Preset {
  /** Stable, for links and tests. */
  id: string;
  title: string;
  /** What it shows, in a few words. */
  about: string;
  scenario: ScenarioInput;
}

const ALL_LINEAR = [
  "q_proj",
  "k_proj",
  "v_proj",
  "o_proj",
  "gate_proj",
  "up_proj",
  "down_proj",
];

/**
 * Examples that fill the form, the page's first answer first. That one states
 * nothing but the model, the method and the GPU, so that whoever puts another
 * model in its place gets the answer that every other door gives.
 */
export const PRESETS: readonly [Preset, ...Preset[]] = [
  {
    id: "qwen3-qlora",
    title: "Qwen3-4B, QLoRA",
    about: "one RTX 5090",
    scenario: {
      model: "Qwen/Qwen3-4B",
      train: { method: "qlora" },
      hardware: { gpu: "RTX 5090" },
    },
  },
  {
    id: "qwen3-checkpoints",
    title: "Qwen3-8B, QLoRA",
    about: "RTX 4090, checkpoints",
    scenario: {
      model: "Qwen/Qwen3-8B",
      train: {
        method: "qlora",
        checkpointing: "full",
        lora: { rank: 16, targets: ALL_LINEAR },
      },
      hardware: { gpu: "RTX 4090" },
    },
  },
  {
    id: "llama-fsdp",
    title: "Llama-3.1-8B, full",
    about: "FSDP on 8 × H100",
    scenario: {
      model: "meta-llama/Llama-3.1-8B",
      train: {
        micro_batch: 2,
        sequence_length: 4096,
        checkpointing: "full",
      },
      parallel: { gpus: 8 },
      engine: { name: "fsdp" },
      hardware: { gpu: "H100-80GB" },
    },
  },
  {
    id: "vision-lora",
    title: "Qwen2.5-VL-7B, LoRA",
    about: "4 images, A100-80GB",
    scenario: {
      model: "Qwen/Qwen2.5-VL-7B-Instruct",
      train: {
        method: "lora",
        lora: { rank: 16, targets: ALL_LINEAR },
        sequence_length: 8192,
        checkpointing: "full",
        images_per_sample: 4,
        image_size: [1024, 1024],
      },
      hardware: { gpu: "A100-80GB" },
    },
  },
  {
    id: "gpt-oss-vllm",
    title: "gpt-oss-120b, vLLM",
    about: "8 users at 8k, one H100",
    scenario: {
      model: "openai/gpt-oss-120b",
      task: "serve",
      serve: {
        engine: "vllm",
        batch: 8,
        input_tokens: 7168,
        output_tokens: 1024,
      },
      hardware: { gpu: "H100-80GB" },
    },
  },
  {
    id: "qwen3-moe-vllm",
    title: "Qwen3-30B-A3B, vLLM",
    about: "FP8, 3 users at 32k, L40S",
    scenario: {
      model: "Qwen/Qwen3-30B-A3B-FP8",
      task: "serve",
      serve: {
        engine: "vllm",
        batch: 3,
        input_tokens: 31_744,
        output_tokens: 1024,
      },
      hardware: { gpu: "L40S" },
    },
  },
  {
    id: "llama-gguf",
    title: "Llama-3.3-70B, GGUF",
    about: "llama.cpp on 2 × RTX 3090",
    scenario: {
      model: "meta-llama/Llama-3.3-70B-Instruct",
      task: "serve",
      quantization: { weights: "gguf:Q4_K_M" },
      serve: { engine: "llama.cpp", input_tokens: 7168, output_tokens: 1024 },
      parallel: { gpus: 2 },
      hardware: { gpu: "RTX 3090" },
    },
  },
  {
    id: "too-large",
    title: "Qwen3-32B, QLoRA",
    about: "too much for a 4090: what helps?",
    scenario: {
      model: "Qwen/Qwen3-32B",
      train: { method: "qlora" },
      hardware: { gpu: "RTX 4090" },
    },
  },
];
