import type { ServingGpu } from "../engine.ts";
import { boardMib } from "./board_memory.ts";
import { decodeGraphs, prefillGraphs } from "./graphs.ts";
import type { SglangAsked } from "./asked.ts";

/** SGLang's options as it resolves them on a GPU. */
export interface SglangOptions {
  readonly chunked_prefill_size: number;
  /** The largest captured batch of decoding; 0 without CUDA graphs. */
  readonly cuda_graph_max_bs: number;
  readonly decode_cuda_graphs: number;
  /** The longest captured prefill; 0 without. */
  readonly prefill_cuda_graph_max_tokens: number;
  readonly prefill_cuda_graphs: number;
  readonly mem_fraction_static: number;
  readonly page_size: number;
  /** What it allows for CUDA graphs, in MiB. */
  readonly graphs_mib: number;
}

/** Defaults by a GPU's memory: below so many MiB, the chunk and the batches. */
const CLASSES: readonly (readonly [
  below: number,
  chunk: number,
  batch: number,
  batchOfMany: number,
])[] = [
  [20 * 1024, 2048, 8, 8],
  [35 * 1024, 4096, 48, 160],
  [60 * 1024, 4096, 32, 160],
  [160 * 1024, 8192, 256, 512],
  [Infinity, 16384, 512, 512],
];
/** From so many ranks of tensor parallelism on more is captured. */
const MANY_RANKS = 4;
/** What latent attention's graphs of prefills are allowed, in MiB. */
const LATENT_GRAPHS = 1536;
/** MiB for what attention kernels keep, and for a token of a prefill. */
const METADATA = 512;
const PER_TOKEN = 1.5;
const LEAST_TOKENS = 2048;
/** MiB for each batch of a decoding graph, and for each length of a prefill. */
const PER_BATCH = 2;
const PER_LENGTH = 8;
/** GPUs above so many MiB leave at least so many free. */
const LARGE = 60 * 1024;
const LEAST_OF_LARGE = 10 * 1024;

/**
 * What SGLang makes of its options on a GPU: it looks at the GPU's memory and the
 * options, not at the model.
 *
 * Source: sgl-project/sglang 0.5.23 srt/arg_groups/memory_hook.py,
 * handle_gpu_memory_settings and reserve_for_graph_mb
 */
export function optionsOn(card: ServingGpu, asked: SglangAsked): SglangOptions {
  const mib = boardMib(card);
  const { tp, pp } = asked;
  const [, usualChunk, fewRanks, manyRanks] =
    CLASSES.find(([below]) => mib < below) ?? [0, 16384, 512, 512];
  const chunk = asked.chunk ?? usualChunk;
  const usualBatch = tp < MANY_RANKS ? fewRanks : manyRanks;
  const batch = asked.graphs
    ? Math.min(usualBatch, asked.requests ?? usualBatch)
    : 0;
  const length = asked.graphs && !asked.isMultimodal ? chunk : 0;
  const lengths = length === 0 ? 0 : prefillGraphs(length);
  const graphs = batch * PER_BATCH +
    (length === 0 ? 0 : asked.isLatent ? LATENT_GRAPHS : lengths * PER_LENGTH);
  const activations = Math.max(chunk, LEAST_TOKENS) * PER_TOKEN;
  const needed = METADATA + activations + tp * pp / 8 * 1024 + graphs;
  const reserved = mib > LARGE ? Math.max(needed, LEAST_OF_LARGE) : needed;
  const usual = thousandths((mib - reserved) / mib) * asked.towerFactor;
  return {
    chunked_prefill_size: chunk,
    cuda_graph_max_bs: batch,
    decode_cuda_graphs: batch === 0
      ? 0
      : decodeGraphs(batch, asked.draft !== null),
    prefill_cuda_graph_max_tokens: length,
    prefill_cuda_graphs: lengths,
    mem_fraction_static: asked.fraction ?? usual,
    page_size: asked.page ?? pageOf(card, asked),
    graphs_mib: graphs,
  };
}

/** Python's round(…, 3): of two as near the even one, which no memory meets. */
function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/**
 * Tokens of a page where nothing is set: kernels of Blackwell's data-centre GPUs
 * and of sparse latent attention want 64.
 *
 * Source: sgl-project/sglang srt/arg_groups/attention_hook.py and
 * model_overrides/deepseek_v2.py
 */
function pageOf({ gpu }: ServingGpu, { isSparse }: SglangAsked): number {
  const isBlackwell = gpu?.compute_capability?.startsWith("10.") ?? false;
  return isSparse || isBlackwell ? 64 : 1;
}
