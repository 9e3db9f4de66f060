import type { CodeOf } from "../model_code.ts";
import { transformersCode } from "../transformers/code.ts";
import { turnRowsBytes, turnTableBytes } from "./buffers.ts";
import { torchtitanExperts } from "./experts.ts";
import { fusedTitanHeads } from "./fused_heads.ts";
import { torchtitanHeads } from "./heads.ts";

/**
 * What torchtitan's models do otherwise than transformers'.
 *
 * Source: pytorch/torchtitan 0.1.0 torchtitan/models/llama3/model.py,
 * torchtitan/components/loss.py
 */
export const torchtitanCode: CodeOf = (scenario, model) => {
  const usual = transformersCode(scenario, model);
  const { architecture } = model;
  // 0.3 has models of experts, and code of theirs that dense ones had not in 0.1.
  const isDense = architecture.experts === 0;
  const isFused = !isDense && scenario.train.method === "full";
  return {
    ...usual,
    makeHeads: isFused ? fusedTitanHeads : torchtitanHeads,
    gatesHeads: false,
    expertsRun: (plan) => torchtitanExperts(plan, scenario.parallel.ep),
    projectsAtOnce: false,
    rotary: { ...usual.rotary, stands: true },
    masksOf: () => [],
    unpads: false,
    fillsCache: false,
    convertsHead: true,
    holdsEmbeddings: false,
    // torch.nn.RMSNorm is one kernel.
    norm: "compiled",
    loss: { ...usual.loss, copies: "float" },
    forcesGrad: false,
    ...(isDense ? {} : { stopsEarly: false, selective: "op" as const }),
    optimizer: { lowBitStates: "torchao", widensEmbeddings: false },
    bufferBytes: () =>
      isDense
        ? turnTableBytes(architecture, scenario)
        : architecture.layers * turnRowsBytes(architecture, scenario),
  };
};
