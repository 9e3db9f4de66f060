import { codeOfModel } from "../../models/code_of_model.ts";
import { versionOf } from "../../scenario/version.ts";
import { leadsGradients } from "../peft/gradients.ts";
import { peftAdapters, shownDtype } from "../peft/adapters.ts";
import type { CodeOf } from "../model_code.ts";
import { bufferBytes } from "./buffers.ts";
import { expertCodeOf } from "./experts.ts";
import { transformersHeads } from "./heads.ts";
import { transformersLoss } from "./loss.ts";
import { transformersMasks } from "./masks.ts";
import { transformersPacking } from "./packing.ts";
import { transformersSight } from "./sight.ts";

/** transformers' models, with PEFT's adapters, in HF Trainer or TRL's. */
export const transformersCode: CodeOf = (scenario, model) => {
  const { software } = scenario;
  const family = codeOfModel(model);
  const isOld = versionOf(software.transformers)?.major === 4;
  return {
    makeHeads: transformersHeads,
    projectsAtOnce: true,
    gatesHeads: true,
    rotary: { wide: false, ofSequences: false },
    masksOf: transformersMasks,
    keyMask: false,
    unpads: true,
    fillsCache: family.attention.fillsCache && isOld,
    holdsEmbeddings: true,
    norm: null,
    dropout: null,
    kernelActivations: false,
    // A trainer patches all that Liger has: integrations/liger.py, apply_liger_kernel.
    fusesGate: scenario.train.objective !== null,
    upFirst: false,
    experts: expertCodeOf(software, family.experts),
    adapters: peftAdapters(software.peft, shownDtype(scenario)),
    loss: transformersLoss(scenario, family.loss),
    // transformers 5 asks for input embeddings' gradients with all checkpoints:
    // modeling_utils.py, _activation_checkpointing_enable.
    forcesGrad: leadsGradients(scenario) ||
      (!isOld && scenario.train.checkpointing === "full"),
    // Assumed: SantaCoder's measured runs hold neither the embeddings nor the mask
    // of their dropout, PowerLM's hold the embeddings that it multiplies.
    forcesLate: isOld,
    // transformers 4 took the older, reentrant checkpoints unless told otherwise:
    // modeling_utils.py, gradient_checkpointing_enable.
    stopsEarly: scenario.train.use_reentrant === null
      ? software.model_code !== "transformers" || !isOld
      : !scenario.train.use_reentrant,
    packing: transformersPacking(scenario, family),
    optimizer: { lowBitStates: "bitsandbytes", widensEmbeddings: true },
    bufferBytes: () => bufferBytes(model, scenario),
    kept: null,
    sightOf: transformersSight,
    positionsAssumed: null,
  };
};
