import type { Scenario } from "../../scenario/schema.ts";

/** What a project's own modules do otherwise than transformers' do. */
export interface ModelCode {
  /** How queries, keys and values are made, turned and laid out. */
  readonly heads: "transformers" | "torchtune" | "litgpt";
  /** How an adapter joins its layer. */
  readonly adapters: "peft" | "torchtune" | "litgpt";
  /**
   * Whether an adapter beside a packed layer leaves its input to autocast, as
   * PEFT's layers for bitsandbytes do. The traced steps have it cast first, like
   * beside any other layer: that is followed where a scenario names no release of
   * bitsandbytes, and says up to 2 % more where nothing is checkpointed.
   */
  readonly leavesInput: boolean;
  /** Whether a cut of the vocabulary's loss is made in Python or by the model. */
  readonly loss: "transformers" | "torchtune" | "litgpt";
  /**
   * Whether the embeddings' output is made to need a gradient when their weights
   * do not train.
   */
  readonly forcesGrad: boolean;
  /** The bytes of an fp32 rotary table for all positions that the model knows. */
  readonly rotaryBuffer: boolean;
  /** Whether logits' matrix is quantised with the other linear layers. */
  readonly quantisesHead: boolean;
  /** Whose optimizers keep states in 8 bits. */
  readonly lowBitStates: "bitsandbytes" | "torchao";
}

type Name = Scenario["software"]["model_code"];

const TRANSFORMERS: ModelCode = {
  heads: "transformers",
  adapters: "peft",
  leavesInput: false,
  loss: "transformers",
  forcesGrad: true,
  rotaryBuffer: false,
  quantisesHead: false,
  lowBitStates: "bitsandbytes",
};

/**
 * Model code by name; the ones that are missing run as transformers' code.
 *
 * Sources: pytorch/torchtune 0.4.0 torchtune/modules (attention.py, rms_norm.py,
 * position_embeddings.py, transformer.py, peft/lora.py);
 * Lightning-AI/litgpt lit_gpt/model.py, lora.py, utils.py and finetune/lora.py.
 */
const CODES: Partial<Record<Name, ModelCode>> = {
  transformers: TRANSFORMERS,
  torchtune: {
    heads: "torchtune",
    adapters: "torchtune",
    leavesInput: false,
    loss: "torchtune",
    forcesGrad: false,
    rotaryBuffer: true,
    quantisesHead: false,
    lowBitStates: "torchao",
  },
  litgpt: {
    heads: "litgpt",
    adapters: "litgpt",
    leavesInput: false,
    loss: "litgpt",
    forcesGrad: false,
    rotaryBuffer: false,
    quantisesHead: true,
    lowBitStates: "bitsandbytes",
  },
};

/** The code that a scenario's model runs in; null where it is not known. */
export function modelCodeOf({ software }: Scenario): ModelCode | null {
  return CODES[software.model_code] ?? null;
}

/** The code that is played through for a scenario. */
export function playedCode(scenario: Scenario): ModelCode {
  const code = modelCodeOf(scenario) ?? TRANSFORMERS;
  return code.adapters === "peft" && scenario.software.bitsandbytes !== null
    ? { ...code, leavesInput: true }
    : code;
}
