import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { GIB } from "../../units/mod.ts";
import type { ServingGpu } from "../engine.ts";
import { capabilityOf, isDataCentreBlackwell } from "./capability.ts";
import { lengthOf } from "./length.ts";

/** The options of vLLM that decide memory, as it resolves them; named as it does. */
export interface VllmOptions {
  readonly gpu_memory_utilization: number;
  readonly max_model_len: number;
  readonly max_num_batched_tokens: number;
  readonly max_num_seqs: number;
  /** Sizes of batches that CUDA graphs are captured for, ascending. */
  readonly captured: readonly number[];
}

/** The share of the GPU where nobody says: config/cache.py, CacheConfig. */
const USUAL_UTILIZATION = 0.92;

/** Tokens and sequences of a step where nobody says. */
interface BatchDefaults {
  readonly server: number;
  readonly offline: number;
  readonly sequences: number;
}

/** GB10, whose memory is large and whose compute is not. */
const GB10 = { major: 12, minor: 1 };

/**
 * What is taken by the GPU's memory: A100 and GB10 count as small.
 *
 * Source: vllm-project/vllm 0.33 engine/arg_utils.py, get_batch_defaults
 */
function batchDefaults(card: ServingGpu): BatchDefaults {
  const { usable, gpu } = card;
  const { major, minor } = capabilityOf(card);
  if (usable >= 160 * GIB) {
    return { server: 16_384, offline: 16_384, sequences: 1024 };
  }
  const isSmall = gpu?.name.includes("A100") === true ||
    (major === GB10.major && minor === GB10.minor);
  return usable >= 70 * GIB && !isSmall
    ? { server: 8192, offline: 16_384, sequences: 1024 }
    : { server: 2048, offline: 8192, sequences: 256 };
}

/** Resolves the options of a scenario on a GPU. */
export function optionsOf(
  { serve }: Pick<Scenario, "serve">,
  model: Model,
  card: ServingGpu,
  { isChunked, decodeTokens }: {
    /** Whether a long prompt is prefilled in pieces. */
    readonly isChunked: boolean;
    /** Tokens of a sequence that a decoding step computes: one, and those drafted. */
    readonly decodeTokens: number;
  },
): VllmOptions {
  const defaults = batchDefaults(card);
  const max_model_len = serve.max_model_len ?? lengthOf(model).usual;
  const sequences = serve.max_sequences ?? defaults.sequences;
  const usual = serve.offline === true ? defaults.offline : defaults.server;
  const max_num_batched_tokens = serve.max_batched_tokens ??
    Math.min(
      sequences * max_model_len,
      isChunked ? usual : Math.max(usual, max_model_len),
    );
  const max_num_seqs = serve.max_sequences ??
    Math.min(sequences, max_num_batched_tokens);
  return {
    gpu_memory_utilization: serve.memory_utilization ?? USUAL_UTILIZATION,
    max_model_len,
    max_num_batched_tokens,
    max_num_seqs,
    captured: serve.enforce_eager === true ? [] : capturedSizes({
      most: mostCaptured(model, card, max_num_seqs * decodeTokens * 2),
      max_num_batched_tokens,
    }),
  };
}

/** The largest batch that is captured. */
function mostCaptured(
  { architecture }: Model,
  card: ServingGpu,
  wanted: number,
): number {
  // gpt-oss sets it for every GPU: model_executor/models/config.py.
  if (architecture.type === "gpt_oss") return 1024;
  return Math.min(wanted, isDataCentreBlackwell(card) ? 1024 : 512);
}

/**
 * Source: vllm-project/vllm 0.33 config/vllm.py, _set_cudagraph_sizes: 1, 2, 4, every
 * eighth to 256, every sixteenth from there, and the largest batch where it fits
 */
function capturedSizes(
  { most, max_num_batched_tokens }: {
    readonly most: number;
    readonly max_num_batched_tokens: number;
  },
): number[] {
  const limit = Math.min(most, max_num_batched_tokens);
  const sizes = new Set([1, 2, 4].filter((size) => size <= limit));
  for (let size = 8; size <= limit; size += size < 256 ? 8 : 16) {
    sizes.add(size);
  }
  if (max_num_batched_tokens <= limit) sizes.add(max_num_batched_tokens);
  return [...sizes];
}
