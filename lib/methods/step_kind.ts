import type { HeadKind } from "../models/heads/head_kind.ts";
import { spreadBy } from "../scenario/engine_name.ts";
import type { Scenario } from "../scenario/schema.ts";

/** What decides over how well a training step is played: the code that runs. */
export interface StepKind {
  /** The model's type, as its config names it. */
  readonly type: string;
  readonly method: Scenario["train"]["method"];
  /** Settings beyond the plain ones that the type's own code answers. */
  readonly settings: readonly string[];
  /** Settings that code beside the model's answers, alike for all types. */
  readonly extras: readonly string[];
  /** How it is spread over GPUs: by which engine, and along which axes. */
  readonly spread?: readonly string[];
  /** The optimizer and its implementation, as "adamw foreach". */
  readonly optimizer: string;
  /** The type that ranks compute in, where that is another than weights have. */
  readonly computed?: string;
}

type Reader = (scenario: Scenario, head: HeadKind) => string | false;

/** Settings that a model type's own code answers, each in its own way. */
const OF_TYPES: readonly Reader[] = [
  ({ train }) => train.attention !== "flash" && `attention ${train.attention}`,
  ({ train }) => train.padding_mask && "padding mask",
  ({ train }) => train.checkpointing !== "none" && "checkpointing",
  // Both types of 16 bits take the same bytes.
  ({ precision }) => precision.weights === "fp32" && "fp32 weights",
  ({ precision }) => precision.autocast !== null && "autocast",
  ({ train }) => train.kernels !== "eager" && `kernels ${train.kernels}`,
  ({ train, model }) =>
    train.images_per_sample > 0 && hasVision(model) && "images",
  ({ software }) =>
    software.model_code !== "transformers" &&
    `model code ${software.model_code}`,
];

/** Settings that code beside the model answers, alike for all of them. */
const OF_ALL: readonly Reader[] = [
  ({ train }) =>
    train.checkpoint_offload && train.checkpointing !== "none" &&
    "checkpoint offload",
  ({ train }) =>
    train.activation_offloading !== "none" &&
    `activation offloading ${train.activation_offloading}`,
  ({ train }) => train.mlp_tiles !== null && "tiled MLP",
  ({ precision: { fp8 } }) => fp8 !== null && `fp8 ${fp8}`,
  ({ quantization: { qat } }) => qat !== null && `QAT ${qat}`,
  ({ train }) =>
    train.method === "full" &&
    (train.trainable_layers ?? train.trainable_parameters) !== null &&
    "some layers train",
  ({ train }) =>
    train.checkpointing !== "none" && train.use_reentrant === true &&
    "reentrant checkpoints",
  ({ train }) => train.loss !== "full" && `loss ${train.loss}`,
  ({ train }) => train.gradient_accumulation > 1 && "accumulation",
  (_, head) => HEADS[head] ?? false,
  ({ optimizer }) => optimizer.in_backward && "stepping in the backward pass",
  adapted(({ lora }) => lora.adapter_dtype !== "fp32" && "adapters of 16 bits"),
  adapted(({ lora }) => lora.dropout > 0 && "LoRA dropout"),
  adapted(({ lora }) => lora.dora && "DoRA"),
  adapted(({ lora }) => lora.modules_to_save.length > 0 && "modules to save"),
  adapted(({ lora }) => lora.bias !== "none" && "LoRA biases"),
  ({ quantization }) =>
    quantization.weights !== "none" && `weights ${quantization.weights}`,
  ({ quantization }) => quantization.experts && "experts quantised",
  ({ quantization, train }) =>
    train.method === "qlora" && !quantization.kbit_upcast && "no upcast",
];

/** How a step is spread over GPUs. */
const OF_GPUS: readonly Reader[] = [
  (scenario) => {
    const name = spreadBy(scenario);
    return name !== null &&
      (name === "deepspeed"
        ? `ZeRO ${scenario.engine.zero_stage}`
        : `engine ${name}`);
  },
  ({ parallel }) => parallel.tp > 1 && "tensor parallelism",
  ({ parallel }) => parallel.pp > 1 && "pipeline parallelism",
  ({ parallel }) => parallel.cp > 1 && "context parallelism",
  ({ parallel }) => parallel.ep > 1 && "expert parallelism",
  ({ engine, parallel }) =>
    parallel.gpus > 1 &&
    (engine.offload_parameters !== "none" ||
      engine.offload_optimizer !== "none") &&
    "offload to the host",
];

function adapted(read: (train: Scenario["train"]) => string | false): Reader {
  return ({ train }) => train.method !== "full" && read(train);
}

/** Heads other than a vocabulary's, in words. */
const HEADS: Partial<Record<HeadKind, string>> = {
  sequences: "labels of sequences",
  tokens: "labels of tokens",
  spans: "spans",
  none: "no head",
};

function hasVision(model: Scenario["model"]): boolean {
  return typeof model === "string" || !("config" in model) ||
    "vision_config" in model.config;
}

/**
 * The kind of step that a Scenario asks for.
 *
 * @param model The type whose code runs, and what it has on its body.
 * @param implementation What the optimizer steps with.
 */
export function stepKindOf(
  scenario: Scenario,
  { type, head }: { type: string; head: HeadKind },
  implementation: string,
): StepKind {
  const { name, bits } = scenario.optimizer;
  const ofBits = bits === 32 ? "" : ` ${bits}-bit`;
  return {
    type,
    method: scenario.train.method,
    settings: settingsOf(OF_TYPES, scenario, head),
    extras: settingsOf(OF_ALL, scenario, head),
    spread: settingsOf(OF_GPUS, scenario, head),
    optimizer: `${name}${ofBits} ${implementation}`,
  };
}

function settingsOf(
  readers: readonly Reader[],
  scenario: Scenario,
  head: HeadKind,
): string[] {
  return readers.map((read) => read(scenario, head))
    .filter((text) => text !== false);
}

/** All settings that a kind names. */
export function settingsIn(
  { settings, extras, spread = [] }: Pick<
    StepKind,
    "settings" | "extras" | "spread"
  >,
): string[] {
  return [...settings, ...extras, ...spread];
}

/** How a model is trained, in words. */
export const METHOD_WORDS: Readonly<Record<StepKind["method"], string>> = {
  full: "full training",
  lora: "LoRA",
  qlora: "QLoRA",
};
