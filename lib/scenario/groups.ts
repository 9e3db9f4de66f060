import type { Need } from "./needs.ts";
import * as when from "./when.ts";

/** The five tabs of the form. */
export const TAB_TITLES = {
  basic: "Basic",
  parallelism: "Parallelism",
  optimizations: "Optimizations",
  lora: "LoRA",
  advanced: "Advanced",
} as const;

/** A tab's id. */
export type TabId = keyof typeof TAB_TITLES;

/** Fields that belong together in a form. */
export interface FieldGroup {
  tab: TabId;
  title: string;
  /** Its one control says the same, so only screen readers get the title. */
  quiet?: true;
  /** Shown only for this task. */
  task?: "train" | "serve";
  /** Folded away until asked for. */
  folded?: true;
  /**
   * One of its tab's more settings, which the page loads when they are opened:
   * it stands there where these hold, or where one of its fields is set.
   */
  more?: readonly Need[];
  /** Fields that stand before the others, which come in a Scenario's order. */
  first?: readonly string[];
}

/** The groups of the form, in its order. */
export const GROUPS = {
  model: { tab: "basic", title: "Model", quiet: true },
  described: {
    tab: "basic",
    title: "A model that is not in the catalogue",
    folded: true,
    first: [
      "model.config",
      ...["layers", "hidden_size", "attention_heads", "kv_heads", "head_dim"]
        .map((name) => `model.dims.${name}`),
      "model.dims.intermediate_size",
      "model.dims.vocab_size",
    ],
  },
  task: { tab: "basic", title: "Task", quiet: true },
  training: {
    tab: "basic",
    title: "Training",
    task: "train",
    first: ["train.method", "precision.weights"],
  },
  images: { tab: "basic", title: "Images", task: "train" },
  serving: { tab: "basic", title: "Serving", task: "serve" },
  hardware: { tab: "basic", title: "Hardware" },
  pixels: {
    tab: "basic",
    title: "Pixels of an image",
    more: [when.toTrain],
  },
  objective: { tab: "basic", title: "Objective", more: [when.toTrain] },
  limits: {
    tab: "basic",
    title: "The engine's own settings",
    more: [when.toServe],
  },
  cards: { tab: "basic", title: "Unlike cards", more: [] },

  mesh: { tab: "parallelism", title: "Mesh" },
  engine: { tab: "parallelism", title: "Engine", task: "train" },
  ranks: { tab: "parallelism", title: "Ranks and stages", more: [] },
  sharing: {
    tab: "parallelism",
    title: "Any engine",
    more: [when.toTrain],
  },
  ddp: {
    tab: "parallelism",
    title: "DDP",
    more: [when.toTrain, when.replicated],
  },
  fsdp: {
    tab: "parallelism",
    title: "FSDP",
    more: [when.toTrain, when.fsdp],
  },
  deepspeed: {
    tab: "parallelism",
    title: "DeepSpeed",
    more: [when.toTrain, when.deepspeed],
  },
  megatron: {
    tab: "parallelism",
    title: "Megatron-LM",
    more: [when.toTrain, when.megatron],
  },

  activations: { tab: "optimizations", title: "Activations", task: "train" },
  weights: { tab: "optimizations", title: "Weights" },
  optimizer: {
    tab: "optimizations",
    title: "Optimizer and precision",
    task: "train",
    first: ["optimizer.name", "optimizer.bits", "optimizer.implementation"],
  },
  low_bits: {
    tab: "optimizations",
    title: "Low bits",
    more: [when.toTrain],
  },
  recomputing: {
    tab: "optimizations",
    title: "What is recomputed or moved",
    more: [when.toTrain],
  },
  trained: {
    tab: "optimizations",
    title: "What trains",
    more: [when.toTrain, when.full],
  },

  adapters: { tab: "lora", title: "Adapters", task: "train" },

  method: { tab: "advanced", title: "Method", quiet: true },
  cushions: { tab: "advanced", title: "Overheads" },
  serving_limits: { tab: "advanced", title: "Serving limits", task: "serve" },
  software: { tab: "advanced", title: "Software" },
  calibration: {
    tab: "advanced",
    title: "Calibration factors",
    more: [when.method("factors")],
  },
  multipliers: {
    tab: "advanced",
    title: "Multipliers",
    more: [when.method("multipliers")],
  },
  rule_of_thumb: {
    tab: "advanced",
    title: "Rule of thumb",
    more: [when.method("rule-of-thumb")],
  },
  engine_formulas: {
    tab: "advanced",
    title: "Engine formulas",
    more: [when.method("engine-formulas")],
  },
} as const satisfies Record<string, FieldGroup>;

/** A group's id. */
export type GroupId = keyof typeof GROUPS;
