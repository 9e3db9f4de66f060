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
    id: "qlora-defaults",
    title: "Llama-3.2-3B, QLoRA",
    about: "one RTX 4090",
    scenario: {
      model: "meta-llama/Llama-3.2-3B",
      train: { method: "qlora" },
      hardware: { gpu: "RTX 4090" },
    },
  },
  {
    id: "qlora-one-card",
    title: "Llama-3.1-8B, QLoRA",
    about: "RTX 4090, checkpoints",
    scenario: {
      model: "meta-llama/Llama-3.1-8B",
      train: {
        method: "qlora",
        checkpointing: "full",
        lora: { rank: 16, targets: ALL_LINEAR },
      },
      hardware: { gpu: "RTX 4090" },
    },
  },
  {
    id: "full-zero2",
    title: "Llama-2-7B, full fine-tune",
    about: "ZeRO-2 over 8 × A100-80GB",
    scenario: {
      model: "meta-llama/Llama-2-7b-hf",
      train: {
        micro_batch: 2,
        sequence_length: 4096,
        gradient_accumulation: 128,
        checkpointing: "full",
      },
      parallel: { gpus: 8 },
      engine: { name: "deepspeed", zero_stage: 2 },
    },
  },
  {
    id: "qlora-zero3",
    title: "Mistral-7B, QLoRA rank 8",
    about: "ZeRO-3, 4 replicas × tp 2",
    scenario: {
      model: "mistralai/Mistral-7B-v0.1",
      train: {
        method: "qlora",
        lora: { rank: 8, targets: ALL_LINEAR },
        sequence_length: 4096,
        gradient_accumulation: 64,
        checkpointing: "full",
      },
      parallel: { gpus: 8, tp: 2 },
      engine: { name: "deepspeed", zero_stage: 3 },
      hardware: { gpu: "RTX 4090" },
    },
  },
  {
    id: "lora-70b",
    title: "Llama-2-70B, LoRA rank 64",
    about: "ZeRO-3 on 128 × A100-40GB",
    scenario: {
      model: "meta-llama/Llama-2-70b-hf",
      train: {
        method: "lora",
        lora: { rank: 64, targets: ALL_LINEAR },
        sequence_length: 4096,
        gradient_accumulation: 512,
        checkpointing: "full",
      },
      parallel: { gpus: 128, tp: 4 },
      engine: { name: "deepspeed", zero_stage: 3 },
      hardware: { gpu: "A100-40GB" },
    },
  },
  {
    id: "vision-language",
    title: "Qwen2.5-VL-7B, LoRA",
    about: "two images a sample, L40S",
    scenario: {
      model: "Qwen/Qwen2.5-VL-7B-Instruct",
      train: {
        method: "lora",
        lora: { rank: 16, targets: ALL_LINEAR },
        checkpointing: "full",
        images_per_sample: 2,
        image_size: [896, 896],
      },
      hardware: { gpu: "L40S" },
    },
  },
  {
    id: "serve-70b",
    title: "Llama-3.1-70B, serving",
    about: "FP8 on 2 × H100, 16 sequences",
    scenario: {
      model: "meta-llama/Llama-3.1-70B-Instruct",
      task: "serve",
      quantization: { weights: "fp8" },
      serve: { batch: 16, input_tokens: 4096, output_tokens: 1024 },
      parallel: { gpus: 2, tp: 2 },
      hardware: { gpu: "H100-80GB" },
    },
  },
];
