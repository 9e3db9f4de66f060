import { cacheFormat } from "../../scenario/cache_format.ts";
import type { CacheType } from "../../scenario/sections/cache_type.ts";
import type { KvCache } from "../../answer/serving.ts";
import { usableBytes } from "../../hardware/gpus.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { GIB } from "../../units/mod.ts";
import { spelledProduct } from "../spelled.ts";
import type { Term } from "../method.ts";
import type { EngineFormulasSetup } from "./setup.ts";

/** Weights and activations are 16-bit whatever the scenario says. */
const DTYPE_BYTES = 2;

/** Bytes of a cached value; other types the program does not have. */
const KV_BYTES: Partial<Record<CacheType, number>> = {
  auto: 2,
  bf16: 2,
  fp16: 2,
  int8: 1,
  fp8: 1,
};

/** Tokens of a block of vLLM's cache, and its reserve of a fifth. */
const BLOCK_TOKENS = 16;
const BLOCK_RESERVE = 1.2;
/** The share of the GPU that may be filled where the scenario says none. */
const UTILIZATION = 0.9;
/** An entry of the block table. */
const BLOCK_ENTRY_BYTES = 8;

/** SGLang prefills at most so many tokens of a sequence at a time. */
const CHUNK_TOKENS = 8192;
/** What sharing prefixes leaves of its cache. */
const SHARED_PREFIXES = 0.7;
/** Running requests count at most twice, and four a sequence by default. */
const MAX_RUNNING = 2;
const USUAL_RUNNING = 4;
/** A node of its prefix tree, one for 100 tokens. */
const NODE_BYTES = 32;
const TOKENS_PER_NODE = 100;

/** Fixed overheads in GiB. */
const OVERHEAD_GIB = {
  transformers: 0.2,
  vllm: 0.2,
  tgi: 0.35,
  "tensorrt-llm": 0.35,
  sglang: 0.23,
} as const;
/** TGI's communication, for each GPU of a tensor-parallel group. */
const TGI_TP_GIB = 0.05;

/** What one forward keeps, as a multiple of tokens x hidden x layers x 2 B. */
const ACTIVATIONS = {
  transformers: 1,
  vllm: 1,
  tgi: 0.4,
  "tensorrt-llm": 0.3,
  sglang: 1.2,
} as const;

/** The engines that the program knows. */
export type KnownEngine = keyof typeof ACTIVATIONS;

/** Whether the program serves with an engine. */
export function knowsEngine(
  engine: Scenario["serve"]["engine"],
): engine is KnownEngine {
  return Object.hasOwn(ACTIVATIONS, engine);
}

/** Whether the program has a type for the cache. */
export function knowsKvType(dtype: CacheType): boolean {
  return dtype in KV_BYTES;
}

/**
 * Weights, cache, activations and overhead of an engine that serves, and how
 * many sequences its rule lets run: those that fill the share of the memory
 * that it may use, if memory grew with the batch.
 *
 * Source: George614/gpu-mem-calculator@2f345d1, `inference/`.
 */
export function engineServing(
  setup: EngineFormulasSetup,
  engine: KnownEngine,
): { terms: Term[]; kv: KvCache } {
  const { scenario, model, mesh } = setup;
  const cache = cacheOf(setup, engine);
  const terms: Term[] = [
    {
      name: "weights",
      bytes: model.parameters * DTYPE_BYTES / mesh.tp,
      formula: spelledProduct(model.parameters, [`${DTYPE_BYTES} B`], [
        ["tp", mesh.tp],
      ]),
      basis: "assumed",
    },
    cache,
    activationsOf(setup, engine),
    overheadOf(setup, engine),
  ];
  const total = terms.reduce((sum, { bytes }) => sum + bytes, 0);
  const { batch, memory_utilization } = scenario.serve;
  const limit = usableBytes(scenario.hardware.gpu) *
    (memory_utilization ?? UTILIZATION);
  return {
    terms,
    kv: {
      bytes_per_token: perToken(setup),
      bytes: Math.round(cache.bytes),
      max_tokens: null,
      max_sequences: total <= limit
        ? Math.max(1, Math.floor(limit / (total / batch)))
        : null,
    },
  };
}

function cacheOf(setup: EngineFormulasSetup, engine: KnownEngine): Term {
  const { batch, kv_cache, max_sequences } = setup.scenario.serve;
  const length = lengthOf(setup.scenario);
  const each = `${perToken(setup)} B a token`;
  const cache = (bytes: number, formula: string): Term => ({
    name: "KV cache",
    bytes: kv_cache ? bytes : 0,
    formula,
    basis: "assumed",
  });
  if (engine === "vllm") {
    const blocks = blocksOf(setup.scenario);
    return cache(
      blocks * BLOCK_TOKENS * perToken(setup),
      spelledProduct(blocks, [`${BLOCK_TOKENS} tokens`, each], []),
    );
  }
  if (engine === "sglang") {
    const tokens = batch * Math.min(length, CHUNK_TOKENS);
    const running = Math.min(
      (max_sequences ?? USUAL_RUNNING * batch) / batch,
      MAX_RUNNING,
    );
    return cache(
      tokens * perToken(setup) * SHARED_PREFIXES * running,
      spelledProduct(
        tokens,
        [each, `${SHARED_PREFIXES}`, `${running} running`],
        [],
      ),
    );
  }
  return cache(
    batch * length * perToken(setup),
    spelledProduct(batch * length, [each], []),
  );
}

function activationsOf(
  setup: EngineFormulasSetup,
  engine: KnownEngine,
): Term {
  const { scenario, model } = setup;
  const { layers, hidden_size } = model.architecture;
  const length = lengthOf(scenario);
  const tokens = scenario.serve.batch *
    (engine === "sglang" ? Math.min(length, CHUNK_TOKENS) : length);
  const kept = ACTIVATIONS[engine];
  return {
    name: "activations",
    bytes: tokens * hidden_size * layers * DTYPE_BYTES * kept,
    formula: spelledProduct(tokens, [
      `${layers} layers`,
      `${hidden_size}`,
      `${DTYPE_BYTES} B`,
      ...(kept === 1 ? [] : [`${kept}`]),
    ], []),
    basis: "assumed",
  };
}

function overheadOf(
  { scenario, mesh }: EngineFormulasSetup,
  engine: KnownEngine,
): Term {
  const fixed = OVERHEAD_GIB[engine];
  const group = engine === "tgi" && mesh.tp > 1 ? TGI_TP_GIB * mesh.tp : 0;
  const tokens = scenario.serve.batch * lengthOf(scenario);
  const tables = engine === "vllm"
    ? blocksOf(scenario) * BLOCK_ENTRY_BYTES
    : engine === "sglang"
    ? Math.floor(tokens / TOKENS_PER_NODE) * NODE_BYTES
    : 0;
  return {
    name: "overhead",
    bytes: (fixed + group) * GIB + tables,
    formula: [
      `${fixed} GiB`,
      ...(group > 0 ? [`${TGI_TP_GIB} GiB × tp ${mesh.tp}`] : []),
      ...(tables > 0 ? [`${tables} B of tables`] : []),
    ].join(" + "),
    basis: "assumed",
  };
}

function blocksOf(scenario: Scenario): number {
  const blocks = Math.ceil(
    scenario.serve.batch * lengthOf(scenario) / BLOCK_TOKENS,
  );
  return Math.ceil(blocks * BLOCK_RESERVE);
}

/** Tokens of a sequence. */
function lengthOf({ serve }: Scenario): number {
  return serve.input_tokens + serve.output_tokens;
}

/** Bytes of a token's keys and values, of every attention head, on each GPU. */
function perToken({ scenario, model }: EngineFormulasSetup): number {
  const { layers, attention_heads, hidden_size } = model.architecture;
  const width = attention_heads * Math.floor(hidden_size / attention_heads);
  return 2 * layers * width * (KV_BYTES[cacheFormat(scenario)] ?? 0);
}
