import type { Scenario } from "../scenario/schema.ts";
import type { Dtype } from "../play/torch/dtype.ts";
import { versionOf } from "./version.ts";

/** What a project's own modules do otherwise than transformers' do. */
export interface ModelCode {
  /** How queries, keys and values are made, turned and laid out. */
  readonly heads: "transformers" | "torchtune" | "litgpt";
  /** How an adapter joins its layer. */
  readonly adapters: "peft" | "torchtune" | "litgpt";
  /**
   * Whether an adapter of all experts makes its update as large as their weights
   * before it adds it: PEFT before 0.21.
   */
  readonly makesUpdates: boolean;
  /** How logits become a loss. */
  readonly loss: "transformers" | "torchtune" | "litgpt";
  /**
   * Whether the embeddings' output is made to need a gradient when their weights
   * do not train.
   */
  readonly forcesGrad: boolean;
  /** Whether a rotary table in fp32 stands for all positions the model knows. */
  readonly rotaryBuffer: boolean;
  /** Whether logits' matrix is quantised with the other linear layers. */
  readonly quantisesHead: boolean;
  /**
   * The type that weights are packed from, and so expanded to; null: their own.
   * Lightning's plugin packs halves.
   */
  readonly packedFrom: Dtype | null;
  /** Whose optimizers keep states in 8 bits. */
  readonly lowBitStates: "bitsandbytes" | "torchao";
  /** Whether embeddings keep bitsandbytes' states in fp32, as HF Trainer has it. */
  readonly widensEmbeddings: boolean;
}

type Name = Scenario["software"]["model_code"];

const TRANSFORMERS: ModelCode = {
  heads: "transformers",
  adapters: "peft",
  makesUpdates: false,
  loss: "transformers",
  forcesGrad: true,
  rotaryBuffer: false,
  quantisesHead: false,
  packedFrom: null,
  lowBitStates: "bitsandbytes",
  widensEmbeddings: true,
};

/**
 * Model code by name; the ones that are missing run as transformers' code.
 *
 * Sources: pytorch/torchtune 0.4.0 torchtune/modules (attention.py, rms_norm.py,
 * position_embeddings.py, transformer.py, peft/lora.py);
 * Lightning-AI/litgpt of October 2023, lit_gpt/model.py, lora.py, utils.py and
 * finetune/lora.py; Lightning-AI/pytorch-lightning 2.1 fabric/plugins/precision.
 */
const CODES: Partial<Record<Name, ModelCode>> = {
  transformers: TRANSFORMERS,
  torchtune: {
    heads: "torchtune",
    adapters: "torchtune",
    makesUpdates: false,
    loss: "torchtune",
    forcesGrad: false,
    rotaryBuffer: true,
    quantisesHead: false,
    packedFrom: null,
    lowBitStates: "torchao",
    widensEmbeddings: false,
  },
  litgpt: {
    heads: "litgpt",
    adapters: "litgpt",
    makesUpdates: false,
    loss: "litgpt",
    forcesGrad: false,
    rotaryBuffer: false,
    quantisesHead: true,
    packedFrom: "fp16",
    lowBitStates: "bitsandbytes",
    widensEmbeddings: false,
  },
};

/** The code that a scenario's model runs in; null where it is not known. */
export function modelCodeOf({ software }: Scenario): ModelCode | null {
  return CODES[software.model_code] ?? null;
}

/** The code that is played through for a scenario. */
export function playedCode(scenario: Scenario): ModelCode {
  const code = modelCodeOf(scenario) ?? TRANSFORMERS;
  const peft = versionOf(scenario.software.peft);
  return peft && peft.major === 0 && peft.minor < FOLDS_FROM
    ? { ...code, makesUpdates: true }
    : code;
}

/**
 * PEFT 0.x that folds an update into experts' weights in one product.
 *
 * Source: huggingface/peft src/peft/tuners/lora/layer.py of 0.20.0 and 0.21.2
 */
const FOLDS_FROM = 21;

/**
 * Whether the logits are handed out in fp32: under mixed precision accelerate casts
 * what a model's forward gives.
 *
 * Source: huggingface/accelerate accelerator.py, prepare_model; utils/operations.py,
 * convert_outputs_to_fp32
 */
export function widensOutputs(
  { software, precision, train }: Scenario,
): boolean {
  return precision.autocast !== null && software.accelerate !== null &&
    software.model_code === "transformers" && train.loss === "full";
}
