import type { Model } from "../models/model.ts";
import type { Tensor } from "../models/tensors/tensor.ts";
import { codeOfType } from "../models/families/mod.ts";
import { expertsAreLinears } from "../models/families/code/experts.ts";
import type { Scenario } from "../scenario/schema.ts";
import { versionOf } from "../scenario/version.ts";
import { isUsuallyPacked } from "./packable.ts";
import type { WeightScheme } from "./scheme.ts";
import { usualPacking } from "./usual_packing.ts";

/** Formats that pack every linear layer; others leave state spaces as they are. */
const THOROUGH = /^(nf4|int8|fp8|w8a8|exl)/;

/**
 * Types whose makers release fp8 in blocks.
 *
 * Source: the quantization_config of Qwen/Qwen3-30B-A3B-FP8,
 * deepseek-ai/DeepSeek-V3, MiniMaxAI/MiniMax-M2.5, XiaomiMiMo/MiMo-V2-Flash,
 * zai-org/GLM-5-FP8
 */
const IN_BLOCKS =
  /^(qwen3|deepseek_(v3|v4)|kimi_k2|minimax_m2|mimo_v2|glm_moe_dsa)/;

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
    (ofExperts ? tensor.expert : tensor.role !== "ssm" || THOROUGH.test(name));
  const takes = byTransformers && packing.layout === "bitsandbytes"
    ? linearsOf(scenario, model)
    : usual;
  const packingOf = (tensor: Tensor) =>
    tensor.role === "head" ? head ?? null : takes(tensor) ? packing : null;
  return {
    words,
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
