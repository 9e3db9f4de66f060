import type { CodeOf } from "../model_code.ts";
import { loraJoin } from "../peft/linear.ts";
import { transformersCode } from "../transformers/code.ts";
import { litgptHeads } from "./heads.ts";
import { litgptPieces } from "./loss.ts";

/** LitGPT's LoRALinear adds its product in the layer's own types. */
const litgptLinear = loraJoin({ clonesBase: false, leavesInput: false });

/**
 * What LitGPT's modules and scripts do otherwise than transformers. Lightning's
 * plugin packs the head too, and from halves.
 *
 * Source: Lightning-AI/litgpt of October 2023, lit_gpt/model.py, lora.py, utils.py
 * and finetune/lora.py; Lightning-AI/pytorch-lightning 2.1 fabric/plugins/precision
 */
export const litgptCode: CodeOf = (scenario, model) => {
  const usual = transformersCode(scenario, model);
  return {
    ...usual,
    makeHeads: litgptHeads,
    gatesHeads: false,
    rotary: { ...usual.rotary, wide: true },
    masksOf: () => [],
    unpads: false,
    holdsEmbeddings: false,
    norm: "olmo2",
    kernelActivations: true,
    upFirst: true,
    adapters: { ...usual.adapters, linear: litgptLinear },
    loss: {
      ...usual.loss,
      pieces: () => litgptPieces(scenario),
      piecesAssumed: null,
    },
    forcesGrad: false,
    packing: { ...usual.packing, packsHead: true, from: "fp16" },
    optimizer: { ...usual.optimizer, widensEmbeddings: false },
  };
};
