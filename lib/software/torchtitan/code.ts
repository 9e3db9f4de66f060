import type { CodeOf } from "../model_code.ts";
import { transformersCode } from "../transformers/code.ts";
import { turnTableBytes } from "./buffers.ts";
import { torchtitanHeads } from "./heads.ts";

/**
 * What torchtitan's models do otherwise than transformers'.
 *
 * Source: pytorch/torchtitan 0.1.0 torchtitan/models/llama3/model.py,
 * torchtitan/components/loss.py
 */
export const torchtitanCode: CodeOf = (scenario, model) => {
  const usual = transformersCode(scenario, model);
  return {
    ...usual,
    makeHeads: torchtitanHeads,
    projectsAtOnce: false,
    rotary: { ...usual.rotary, stands: true },
    masksOf: () => [],
    unpads: false,
    fillsCache: false,
    holdsEmbeddings: false,
    // torch.nn.RMSNorm is one kernel.
    norm: "compiled",
    loss: { ...usual.loss, copies: "float" },
    forcesGrad: false,
    optimizer: { lowBitStates: "torchao", widensEmbeddings: false },
    bufferBytes: () => turnTableBytes(model.architecture, scenario),
  };
};
