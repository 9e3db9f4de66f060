import { besideBuffer } from "../../plan/beside.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { isFrom } from "../../scenario/version.ts";
import type { StoredTensor } from "../../formats/stored_model.ts";
import { cacheChoiceOf } from "./cache_choice.ts";
import { rotaryCacheBytes } from "../../software/transformers/rotary_caches.ts";

/** What stands beside weights in older releases of transformers and its kernels. */
export function keptBeside(
  scenario: Scenario,
  { facts, model }: StepPlan,
  tensors: readonly StoredTensor[],
): Buffer[] {
  const { architecture, family, traits } = facts;
  const { software, precision } = scenario;
  const width = traits.rotary === "part"
    ? Math.round(architecture.head_dim * traits.rotaryShare)
    : architecture.head_dim;
  const tables = rotaryCacheBytes(
    family,
    model.architecture,
    width,
    precision.weights,
    software.transformers,
  );
  const scratch = isFrom(software.transformers, GPTQMODEL)
    ? 0
    : scratchBytes(tensors);
  return [
    besideBuffer("buffers", "cosines and sines of all positions", tables),
    besideBuffer(
      "buffers",
      "causal mask of all positions",
      maskBytes(scenario),
    ),
    besideBuffer("dequantised weights", "room of ExLlama's kernels", scratch),
  ].filter(({ bytes }) => bytes > 0);
}

/** The release from which GPTQModel's kernels take AutoGPTQ's place. */
const GPTQMODEL = [4, 48] as const;

/**
 * ExLlama's kernels, AutoGPTQ's for 4 bits, keep room for the largest matrix that
 * they expand.
 *
 * Source: AutoGPTQ auto_gptq/modeling/_utils.py, autogptq_post_init: temp_dq
 */
function scratchBytes(tensors: readonly StoredTensor[]): number {
  return tensors.reduce(
    (most, { packing, matrices }) =>
      packing?.layout === "gptq" && packing.bits === 4 && matrices
        ? Math.max(most, 2 * matrices.outputs * matrices.inputs)
        : most,
    0,
  );
}

/**
 * gpt-fast keeps a mask of every position that its cache has room for.
 *
 * Source: pytorch-labs/gpt-fast model.py and pytorch/ao torchao/_models/llama/
 * model.py, Transformer.setup_caches
 */
function maskBytes(scenario: Scenario): number {
  const kept = cacheChoiceOf(scenario, 1);
  return scenario.software.model_code === "gpt-fast" && kept.kind === "static"
    ? (8 * Math.ceil(kept.room / 8)) ** 2
    : 0;
}
