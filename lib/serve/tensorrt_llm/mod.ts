import { POOL_READS } from "../pool_reads.ts";
import { cacheElementBytes } from "../elements.ts";
import type { CachePart } from "../../models/families/code/cache.ts";
import { adapterBytes } from "../adapters.ts";
import type {
  Served,
  ServingEngine,
  ServingGpu,
  ServingQuestion,
} from "../engine.ts";
import { outsideOf } from "../outside.ts";
import type { PoolPlan } from "../pool_engine.ts";
import { servedByPool } from "../pool_engine.ts";
import { prefillPeak } from "../prefill_peak.ts";
import { rankWeights } from "../rank_weights.ts";
import type { LayerStage } from "../stages.ts";
import { heaviestStages, layersIn } from "../stages.ts";
import { unloadedWarnings } from "../unloaded.ts";

/** free_gpu_memory_fraction where it is not given. */
const USUAL_FRACTION = 0.9;
/** Tokens of a block, of a forward, and requests, where they are not given. */
const USUAL_BLOCK = 32;
const USUAL_TOKENS = 8192;
const USUAL_REQUESTS = 2048;
const TYPES = { bf16: 2, fp16: 2, fp8: 1, int8: 1 };
const LOGIT_BYTES = 4;
const VOCABULARY_ROWS = 64;

/**
 * TensorRT-LLM with PyTorch's backend: a forward of as many tokens as are allowed
 * is run, and blocks take a share of what is then free.
 *
 * Source: NVIDIA/TensorRT-LLM tensorrt_llm/_torch/pyexecutor/_util.py,
 * KvCacheCreator; tensorrt_llm/llmapi/llm_args.py for the defaults
 */
export const tensorrtLlm: ServingEngine = {
  name: "tensorrt-llm",
  reads: [
    ...POOL_READS,
    "parallel.pp",
    "parallel.ep",
    "serve.max_batched_tokens",
    "serve.kv_cache_bytes",
    "serve.max_loras",
    "serve.max_lora_rank",
  ],
  refuses: ({ mesh, caches }) =>
    mesh.cp > 1
      ? "TensorRT-LLM's context parallelism is not played"
      : caches.groups.some(({ keeps }) =>
          keeps.some(({ kind }) => kind === "state" || kind === "cross")
        ) || caches.groups.length === 0
      ? "TensorRT-LLM's caches of states and of encoders are not played"
      : null,
  serve: (question) => {
    const element = cacheElementBytes(question.scenario, TYPES);
    return element.ok
      ? { ok: true, value: answer(question, element.value) }
      : element;
  },
};

/** What a stage of the pipeline needs on its rank. */
interface Needs {
  readonly weights: number;
  readonly cell: number;
}

/** Source: NVIDIA/TensorRT-LLM tensorrt_llm/quantization/mode.py, QuantAlgo */
const UNLOADED = [
  "gguf",
  "bitsandbytes",
  "hqq",
  "exl2",
  "exl3",
  "mlx",
] as const;

function answer(question: ServingQuestion, element: number): Served {
  const { scenario, model, mesh, caches } = question;
  const { serve } = scenario;
  const { architecture } = model;
  const stages = heaviestStages(caches.layers, mesh.pp).map((stage): Needs => ({
    weights: rankWeights(question, stage, { vocabularyRows: VOCABULARY_ROWS }) +
      adapterBytes(question, stage, serve),
    cell: cellBytes(question, stage, element),
  }));
  const weights = Math.max(...stages.map((stage) => stage.weights));
  const cell = Math.max(...stages.map((stage) => stage.cell));
  const block = serve.block_size ?? USUAL_BLOCK;
  const longest = architecture.max_position_embeddings;
  const context = serve.max_model_len ?? longest ?? USUAL_TOKENS;
  const tokens = serve.max_batched_tokens ?? USUAL_TOKENS;
  const requests = serve.max_sequences ?? USUAL_REQUESTS;
  const fraction = serve.memory_utilization ?? USUAL_FRACTION;
  const compute = prefillPeak(architecture, tokens, mesh.tp) +
    Math.min(requests, tokens) * architecture.vocab_size * LOGIT_BYTES;
  const planOn = (card: ServingGpu): PoolPlan => {
    const outside = outsideOf(scenario, mesh, card);
    const free = card.usable - outside - weights - compute;
    const left = serve.kv_cache_bytes ?? Math.trunc(free * fraction);
    const held = Math.floor(Math.max(0, left) / cell / block) * block;
    const refusal = free <= 0 || left > free
      ? "CUDA out of memory: weights and a forward of max_num_tokens leave nothing for the KV cache"
      : held < block
      ? "No memory is left for one block of the KV cache"
      : null;
    return {
      refusal,
      left: Math.trunc(Math.min(free, left > free ? free - left : left)),
      weights,
      compute,
      graphs: 0,
      outside,
      tables: 0,
      pool: refusal === null ? held * cell : 0,
      states: 0,
      tokens: refusal === null ? held : 0,
      requests,
      settings: {
        free_gpu_memory_fraction: fraction,
        tokens_per_block: block,
        max_num_tokens: tokens,
        max_batch_size: requests,
        max_seq_len: context,
        max_tokens: refusal === null ? held : null,
      },
    };
  };
  return servedByPool(question, {
    context,
    bytesPerToken: cell,
    fixedBytesPerSequence: 0,
    heldBy: (length) => length * cell,
    sequencesIn: (plan, length) => {
      const whole = Math.ceil(Math.max(1, length) / block) * block;
      return Math.min(plan.requests, Math.floor(plan.tokens / whole));
    },
    planOn,
    formulas: {
      weights: "a rank's share of each parameter, embeddings padded to 64 rows",
      pool:
        "free_gpu_memory_fraction of what is free after loading and a forward of max_num_tokens, in whole blocks",
      compute:
        "max_num_tokens × 2 B × (2 × hidden + the widest block of a layer), and fp32 logits of each request",
      graphs: "",
      tables: "",
    },
    source:
      "NVIDIA/TensorRT-LLM tensorrt_llm/_torch/pyexecutor/_util.py, _cal_max_memory",
    assumptions: [
      "TensorRT-LLM's forward of max_num_tokens is derived from one layer's widest block, not played; what its kernels pad and keep as workspace, and its CUDA graphs, are not counted",
      ...(caches.groups.some(({ keeps }) =>
          keeps.some(({ kind }) => kind === "window" || kind === "chunk")
        )
        ? ["Layers with a window are counted as if they kept every token"]
        : []),
    ],
    warnings: unloadedWarnings(question, "TensorRT-LLM", UNLOADED),
  });
}

function cellBytes(
  { caches, mesh }: ServingQuestion,
  stage: LayerStage,
  element: number,
): number {
  let bytes = 0;
  for (const { keeps, layers } of caches.groups) {
    const count = layersIn(layers, stage);
    for (const part of keeps) {
      bytes += count * partBytes(part, mesh.tp, element);
    }
  }
  return bytes;
}

/** Heads are dealt out and repeated; a latent row is on every rank. */
function partBytes(part: CachePart, tp: number, element: number): number {
  if (part.kind === "latent") {
    return (part.rank + part.rotated) * element + part.indexer +
      Math.floor(part.indexer / 128) * 4;
  }
  if (!("heads" in part)) return 0;
  return (part.keys + part.values) / part.heads *
    Math.ceil(part.heads / tp) * element;
}
