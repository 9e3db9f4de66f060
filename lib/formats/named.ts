import type { Model } from "../models/model.ts";
import type { Tensor } from "../models/tensors/tensor.ts";
import { codeOfType } from "../models/families/mod.ts";
import { expertsAreLinears } from "../models/families/code/experts.ts";
import type { Scenario } from "../scenario/schema.ts";
import { versionOf } from "../scenario/version.ts";
import { isUsuallyPacked } from "./packable.ts";
import type { WeightScheme } from "./scheme.ts";
import { usualPacking } from "./usual_packing.ts";
import type { WeightPacking } from "./weight_packing.ts";
import { packingLike } from "./weight_packing.ts";

/**
 * Types whose makers release fp8 in blocks.
 *
 * Source: the quantization_config of Qwen/Qwen3-30B-A3B-FP8,
 * deepseek-ai/DeepSeek-V3, MiniMaxAI/MiniMax-M2.5, XiaomiMiMo/MiMo-V2-Flash,
 * zai-org/GLM-5-FP8
 */
const IN_BLOCKS =
  /^(qwen3|deepseek_(v3|v4)|kimi_k2|minimax_m2|mimo_v2|glm_moe_dsa)/;

/** Narrowest side of a state space's matrix that quantisers pack: a block's. */
const NARROWEST = 128;

/** Whether a matrix is one of a state space's large ones. */
function isWide({ shape }: Tensor): boolean {
  return shape.every((side) => side >= NARROWEST);
}

/**
 * Types whose NVFP4 has attention in fp8.
 *
 * Source: the quantization_config of nvidia/Qwen3.6-27B-NVFP4 and
 * nvidia/Qwen3.6-35B-A3B-NVFP4
 */
const MIXED = /^qwen3_5/;

const NVFP4_WEIGHTS = packingLike({
  layout: "modelopt",
  kind: "float",
  group: 16,
});
const FP8_ATTENTION = packingLike({
  layout: "modelopt",
  kind: "float",
  bits: 8,
  scales: "tensor",
  activations: { bits: 8, dynamic: false },
});

function mixedPacking({ role }: Tensor): WeightPacking {
  return /^(q|k|v|o|qkv|ssm|attention)$/.test(role)
    ? FP8_ATTENTION
    : NVFP4_WEIGHTS;
}

/** The scheme of a format by its name; null where no checkpoints are like it. */
export function namedScheme(
  name: string,
  scenario: Scenario,
  model: Model,
): WeightScheme | null {
  const { quantization, precision, serve } = scenario;
  const byTransformers = serve.engine === "transformers";
  const inBlocks = name === "fp8" && IN_BLOCKS.test(model.architecture.type);
  const format = usualPacking(inBlocks ? "fp8-block" : name, {
    group: quantization.group_size,
    byTransformers,
  });
  if (format === null) return null;
  const { words, packing, head, notes = [] } = format;
  // MXFP4 is of experts, where there are some.
  const ofExperts = name === "mxfp4" && model.architecture.experts > 0;
  const usual = (tensor: Tensor) =>
    isUsuallyPacked(tensor) &&
    (ofExperts ? tensor.expert : tensor.role !== "ssm" || isWide(tensor));
  const takes = byTransformers && packing.layout === "bitsandbytes"
    ? linearsOf(scenario, model)
    : usual;
  const mixed = name === "nvfp4" && MIXED.test(model.architecture.type);
  const packingOf = (tensor: Tensor) =>
    tensor.role === "head"
      ? mixed ? NVFP4_WEIGHTS : head ?? null
      : !takes(tensor)
      ? null
      : mixed
      ? mixedPacking(tensor)
      : packing;
  return {
    words: mixed ? "NVFP4 of MLPs and the head, attention in fp8" : words,
    formats: [name],
    plain: precision.weights,
    narrows: packing.layout === "awq",
    cacheScale: null,
    packed: (tensor) => [{
      packing: packingOf(tensor),
      layers: tensor.layers,
    }],
    basis: "derived",
    notes,
  };
}

/**
 * What bitsandbytes finds when transformers loads a model with it: linear layers,
 * the towers' too; experts were some up to transformers 4.
 *
 * Source: huggingface/transformers integrations/bitsandbytes.py,
 * replace_with_bnb_linear
 */
function linearsOf(
  { software }: Scenario,
  { architecture }: Model,
): (tensor: Tensor) => boolean {
  const experts = expertsAreLinears(
    codeOfType(architecture.type).experts,
    versionOf(software.transformers)?.major,
  );
  return (tensor) =>
    tensor.quantized ||
    (experts && tensor.expert && tensor.shape.length === 3);
}
