import type { SettingValue } from "../../answer/serving.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { groupDigits } from "../../units/mod.ts";
import type { ServingQuestion } from "../engine.ts";
import type { Generation, GenerationPlan } from "./generation.ts";
import type { PhasePeak } from "./phases.ts";
import type { Share } from "./shares.ts";
import { expandsAtLoading, unknownLayout } from "./storage.ts";

/**
 * The instant of a generation's peak in words.
 *
 * @param phases What each phase reaches.
 */
export function bindingOf(
  { peak: { at } }: Pick<Generation, "peak">,
  phases: readonly PhasePeak[],
): string {
  const { name } = phases.reduce((most, each) =>
    each.bytes > most.bytes ? each : most
  );
  if (name === "load") return "load";
  const place = at === "head"
    ? "at the logits"
    : at === "embeddings"
    ? "at the embeddings"
    : `in layer ${Number(at) + 1}`;
  return `${name}, ${place}`;
}

/** generate()'s options, by their own names. */
export function settingsOf(
  { serve, precision }: Scenario,
  { plan, kept, code }: GenerationPlan,
  devices: number,
): Record<string, SettingValue> {
  const { implementation } = plan.facts.attention;
  return {
    dtype: TYPES[precision.weights],
    attn_implementation: implementation === "flash"
      ? "flash_attention_2"
      : implementation,
    use_cache: kept.kind !== "none",
    cache_implementation: kept.kind === "none" ? null : kept.kind,
    ...(kept.kind === "quantized" ? { cache_dtype: kept.how } : {}),
    ...(kept.kind === "static" ? { max_cache_len: kept.room } : {}),
    max_new_tokens: serve.output_tokens,
    logits_to_keep: code.allLogits ? 0 : 1,
    device_map: devices > 1 ? "auto" : "cuda",
  };
}

const TYPES = {
  fp32: "float32",
  bf16: "bfloat16",
  fp16: "float16",
} as const;

/** What was taken for granted, and what is not played. */
export function remarksOf(
  { scenario, checkpoint, model }: ServingQuestion,
  { code }: GenerationPlan,
  shares: readonly Share[],
): { assumptions: string[]; warnings: string[] } {
  const { serve } = scenario;
  const assumptions = [
    code.picks
      ? "The next token is the likeliest one; sampling and beams take more at the logits"
      : "serve.logits_all is a bare forward pass, that picks no token",
    ...(serve.attention === null
      ? [
        "Attention is sdpa where the model's code knows it, as transformers picks it",
      ]
      : []),
    ...(shares.length > 1
      ? [
        'device_map="auto" deals the layers out over the GPUs, one of which computes at a time',
      ]
      : []),
    ...(expandsAtLoading(checkpoint.tensors)
      ? [
        `${checkpoint.scheme} is expanded to ${scenario.precision.weights} when it is loaded, as without the package kernels`,
      ]
      : []),
    ...(checkpoint.tensors.some(({ packing }) => packing !== null)
      ? [
        "What a quantised product's kernel takes beside its result is not counted",
      ]
      : []),
  ];
  const type = serve.kv_dtype;
  const isUnknown = typeof type === "string" &&
    !["auto", "fp8", "int8", scenario.precision.weights].includes(type);
  const length = serve.input_tokens + serve.output_tokens;
  const longest = model.architecture.max_position_embeddings;
  const layout = unknownLayout(checkpoint.tensors);
  return {
    assumptions,
    warnings: [
      ...(longest !== null && length > longest
        ? [
          `A sequence gets ${groupDigits(length)} tokens, more than the ${
            groupDigits(longest)
          } that the model is made for`,
        ]
        : []),
      ...(isUnknown
        ? [
          `serve.kv_dtype ${type} has no effect: transformers keeps keys and values in the model's own type, in fp8 or in int8`,
        ]
        : []),
      ...(layout === null ? [] : [
        `transformers itself loads no checkpoints of ${layout}: its layers are taken to read them as they are stored`,
      ]),
    ],
  };
}
