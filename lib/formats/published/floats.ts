import { packingLike } from "../weight_packing.ts";
import type { WeightPacking } from "../weight_packing.ts";
import type { MethodReader } from "./method.ts";
import { published, ruleFor, skipped } from "./method.ts";
import type { PackingRule } from "./rules.ts";
import { restRule } from "./rules.ts";

/** Matrices of DeepSeek's sparse attention that weigh heads: always in 16 bits. */
const PLAIN_INDEXER = ["indexer.weights_proj", "indexers_proj"];

/**
 * Experts of DeepSeek-V4: two codes a byte, an exponent for 32 of them.
 *
 * Source: deepseek-ai/DeepSeek-V4-Flash inference/model.py, Linear
 */
const FP4_EXPERTS = packingLike({
  layout: "quark",
  kind: "float",
  group: 32,
  activations: { bits: 8, dynamic: true },
});

function expertsRule(packing: WeightPacking): PackingRule {
  return {
    of: ({ expert }) => expert ? "all" : new Set<number>(),
    packing,
    names: false,
  };
}

/**
 * fp8 as DeepSeek releases it and transformers reads it: in blocks, or one scale
 * a matrix.
 *
 * Sources: huggingface/transformers utils/quantization_config.py,
 * FineGrainedFP8Config; deepseek-ai/DeepSeek-V3 README_WEIGHTS.md; vllm-project/vllm
 * model_executor/layers/quantization/fp8.py
 */
export const fp8: MethodReader = (settings, config) => {
  const block = settings.pair("weight_block_size");
  const narrow = config["expert_dtype"] === "fp4";
  const fixed = settings.text("activation_scheme") === "static";
  const packing: WeightPacking = packingLike({
    layout: "fp8",
    kind: "float",
    bits: 8,
    scales: block ? "block" : "tensor",
    block,
    activations: { bits: 8, dynamic: !fixed },
    exponents: config["model_type"] === "deepseek_v4",
  });
  const words = block
    ? `fp8, blocks of ${block.join(" × ")}`
    : "fp8, a scale a matrix";
  return published({
    words: narrow ? `${words}; experts in fp4` : words,
    rules: [
      ...skipped(settings, "modules_to_not_convert", "ignored_layers"),
      ...ruleFor(settings, { names: PLAIN_INDEXER, key: "weights_proj" }, null),
      ...(narrow ? [expertsRule(FP4_EXPERTS)] : []),
      restRule(packing),
    ],
  });
};

/**
 * Meta's fp8 of Llama-3.1-405B: a scale an output.
 *
 * Source: huggingface/transformers integrations/fbgemm_fp8.py, FbgemmFp8Linear,
 * whose bound of the inputs is no part of the checkpoint
 */
export const fbgemm: MethodReader = (settings) =>
  published({
    words: "fp8 of FBGEMM, a scale an output",
    rules: [
      ...skipped(settings, "modules_to_not_convert"),
      restRule(packingLike({
        layout: "fbgemm",
        kind: "float",
        bits: 8,
        scales: "channel",
        activations: { bits: 8, dynamic: true },
      })),
    ],
  });

/**
 * MXFP4 as gpt-oss is released: experts alone, which stand in arrays of all.
 *
 * Source: huggingface/transformers integrations/mxfp4.py, Mxfp4GptOssExperts
 */
export const mxfp4: MethodReader = (settings) => {
  const packing = packingLike({ layout: "mxfp4", kind: "float", group: 32 });
  return published({
    words: "MXFP4 of experts, groups of 32",
    rules: [
      ...skipped(settings, "modules_to_not_convert"),
      expertsRule(packing),
    ],
  });
};

/**
 * EXL2 and EXL3: as many bits as the mean says, and a head of its own.
 *
 * Sources: turboderp-org/exllamav2 conversion/compile.py;
 * turboderp-org/exllamav3 doc/exl3.md
 */
export function exl(layout: "exl2" | "exl3"): MethodReader {
  return (settings) => {
    const bits = settings.number("bits", [1, 16], 4);
    const headBits = settings.number("head_bits", [1, 16], 6);
    return published({
      words: `${layout.toUpperCase()}, ${bits} bits a weight, head ${headBits}`,
      rules: exlRules(layout, bits, headBits),
      notes: [
        `${layout.toUpperCase()} picks the bits of each matrix: all are taken for the mean, ${bits} bits`,
      ],
    });
  };
}

/** What EXL2 and EXL3 pack: the head by its own bits, the rest by the mean. */
export function exlRules(
  layout: "exl2" | "exl3",
  bits: number,
  headBits: number,
) {
  const packing = (width: number) =>
    packingLike({ layout, bits: width, scales: "channel" });
  return [
    {
      of: ({ role }: { readonly role: string }) =>
        role === "head" ? "all" as const : new Set<number>(),
      packing: packing(headBits),
      names: true,
    },
    restRule(packing(bits)),
  ];
}
