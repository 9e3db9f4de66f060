import type { CodeOf } from "../model_code.ts";
import { loraJoin } from "../peft/linear.ts";
import { transformersCode } from "../transformers/code.ts";
import { rotaryBufferBytes } from "./buffers.ts";
import { torchtuneHeads } from "./heads.ts";
import { torchtunePieces } from "./loss.ts";

/** torchtune's LoRALinear adds its product in the layer's own types. */
const torchtuneLinear = loraJoin({ clonesBase: false, leavesInput: false });

/**
 * What torchtune's modules and recipes do otherwise than transformers.
 *
 * Source: pytorch/torchtune 0.4.0 torchtune/modules (attention.py, rms_norm.py,
 * position_embeddings.py, transformer.py, peft/lora.py)
 */
export const torchtuneCode: CodeOf = (scenario, model) => {
  const usual = transformersCode(scenario, model);
  return {
    ...usual,
    makeHeads: torchtuneHeads,
    gatesHeads: false,
    projectsAtOnce: false,
    rotary: { ...usual.rotary, wide: true },
    masksOf: () => [],
    unpads: false,
    holdsEmbeddings: false,
    adapters: { ...usual.adapters, linear: torchtuneLinear },
    loss: {
      ...usual.loss,
      copies: "cast",
      // Recipes of full fine-tuning compile the loss and drop what compile_loss()
      // returns: recipes/full_finetune_single_device.py, setup;
      // torchtune/training/_compile.py.
      staysEager: scenario.train.method === "full",
      pieces: () => torchtunePieces(scenario),
      piecesAssumed: null,
    },
    forcesGrad: false,
    optimizer: { lowBitStates: "torchao", widensEmbeddings: false },
    bufferBytes: () => usual.bufferBytes() + rotaryBufferBytes(model),
    positionsAssumed:
      "batches are taken to be packed, so that positions are handed to the model",
  };
};
