import type { Problem } from "../../scenario/problem.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { cacheTypes } from "../../scenario/cache_format.ts";
import type { CacheUnit } from "./graph/plan.ts";
import { sure } from "./ggml/sure.ts";

/** Cells of a cache come in so many: GGML_PAD in src/llama-context.cpp. */
const CELLS = 256;

/** llama-server's slots where none are asked for: tools/server/server.cpp, main. */
export const AUTO_SLOTS = 4;

/** common/common.h, common_params: n_batch, n_ubatch. */
const BATCH = 2048;
const UBATCH = 512;

/** LLAMA_MAX_SEQ of src/llama-cparams.h. */
const MOST_SLOTS = 256;

/** GGML_CUDA_MAX_DEVICES, the host among the scheduler's 16. */
const MOST_GPUS = 15;

/** A type that a cache's elements have in llama.cpp. */
export interface CacheElement extends CacheUnit {
  /** As `--cache-type-k` calls it. */
  readonly name: string;
}

/** Elements by their names in a Scenario: bytes of blocks of 32 where quantised. */
const ELEMENTS: Readonly<Record<string, CacheElement>> = {
  auto: { name: "f16", unit: 2, isQuantised: false },
  fp16: { name: "f16", unit: 2, isQuantised: false },
  bf16: { name: "bf16", unit: 2, isQuantised: false },
  fp32: { name: "f32", unit: 4, isQuantised: false },
  q8_0: { name: "q8_0", unit: 34 / 32, isQuantised: true },
  q5_1: { name: "q5_1", unit: 24 / 32, isQuantised: true },
  q5_0: { name: "q5_0", unit: 22 / 32, isQuantised: true },
  q4_1: { name: "q4_1", unit: 20 / 32, isQuantised: true },
  q4_0: { name: "q4_0", unit: 18 / 32, isQuantised: true },
  iq4_nl: { name: "iq4_nl", unit: 18 / 32, isQuantised: true },
};

/** llama.cpp's options as it resolves them, by its own names. */
export interface LlamaSettings {
  /** Cells of all streams together. */
  readonly n_ctx: number;
  /** Cells that one sequence may fill. */
  readonly n_ctx_seq: number;
  readonly n_seq_max: number;
  readonly kv_unified: boolean;
  readonly n_batch: number;
  readonly n_ubatch: number;
  readonly n_outputs_max: number;
  readonly key: CacheElement;
  readonly value: CacheElement;
  readonly swa_full: boolean;
  readonly offload_kqv: boolean;
  readonly op_offload: boolean;
  /** Whether flash attention is asked for; null where llama.cpp finds out. */
  readonly flash: boolean | null;
  /** How many layers are offloaded, the output among them; Infinity for all. */
  readonly n_gpu_layers: number;
  readonly n_cpu_moe: number;
  readonly tensor_split: readonly number[] | null;
  readonly gpus: number;
}

/** How many tokens a scenario's sequences have each, at their end. */
export function sequenceTokens({ serve }: Pick<Scenario, "serve">): number {
  return serve.input_tokens + serve.output_tokens;
}

function upTo(count: number, step: number): number {
  return Math.ceil(count / step) * step;
}

/**
 * llama.cpp's options for a scenario: llama-server's defaults since 0.5 for what it
 * leaves open, and a context that holds its sequences where it names none, each of
 * the longest length where that is named.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/llama-context.cpp, llama_context::
 * llama_context; tools/server/server.cpp; common/speculative.cpp,
 * common_speculative_get_devices
 *
 * @returns They, or what llama.cpp cannot take.
 */
export function settingsOf(
  scenario: Scenario,
  context: number | null = null,
): Result<LlamaSettings> {
  const { serve, parallel } = scenario;
  const types = cacheTypes(scenario);
  const problems: Problem[] = [];
  const element = (path: string, type: string) => {
    const found = ELEMENTS[type];
    if (!found) {
      problems.push(problem(
        path,
        `must be a type that llama.cpp keeps, one of fp32, fp16, bf16, q8_0, q5_1, q5_0, q4_1, q4_0, iq4_nl: current value is ${type}`,
      ));
    }
    return found ?? sure(ELEMENTS["auto"]);
  };
  const isPair = typeof serve.kv_dtype !== "string";
  const key = element(isPair ? "serve.kv_dtype.k" : "serve.kv_dtype", types.k);
  const value = types.v === types.k
    ? key
    : element(isPair ? "serve.kv_dtype.v" : "serve.kv_dtype", types.v);
  const named = serve.slots ?? serve.max_sequences;
  const slots = named ?? Math.max(AUTO_SLOTS, serve.batch);
  if (slots > MOST_SLOTS) {
    const path = named === null
      ? "serve.batch"
      : serve.slots === null
      ? "serve.max_sequences"
      : "serve.slots";
    problems.push(problem(
      path,
      `must be at most ${MOST_SLOTS}, the most sequences of llama.cpp: current value is ${slots}`,
    ));
  }
  if (parallel.gpus > MOST_GPUS) {
    problems.push(problem(
      "parallel.gpus",
      `must be at most ${MOST_GPUS} with llama.cpp: current value is ${parallel.gpus}`,
    ));
  }
  if (problems.length > 0) return { ok: false, problems };
  // The server shares one cache among slots that it chose itself.
  const isUnified = serve.kv_unified ??
    (named === null && serve.batch <= AUTO_SLOTS);
  const wanted = context ?? serve.cache_tokens ??
    (serve.max_model_len ?? sequenceTokens(scenario)) *
      (isUnified ? serve.batch : slots);
  const asked = upTo(wanted, CELLS);
  const each = isUnified
    ? asked
    : Math.max(CELLS, upTo(Math.floor(asked / slots), CELLS));
  const n_ctx = isUnified ? asked : each * slots;
  const n_batch = Math.min(wanted, serve.batch_tokens ?? BATCH);
  const n_ubatch = Math.min(n_batch, serve.ubatch_tokens ?? UBATCH);
  return {
    ok: true,
    value: {
      n_ctx,
      n_ctx_seq: each,
      n_seq_max: slots,
      kv_unified: isUnified,
      n_batch,
      n_ubatch,
      n_outputs_max: serve.logits_all ? n_batch : slots,
      key,
      value,
      swa_full: serve.swa_full ?? false,
      offload_kqv: serve.kv_offload ?? true,
      op_offload: serve.op_offload ?? true,
      flash: serve.flash_attention === "on"
        ? true
        : serve.flash_attention === "off"
        ? false
        : null,
      n_gpu_layers: typeof serve.gpu_layers === "number"
        ? serve.gpu_layers
        : Infinity,
      n_cpu_moe: serve.cpu_moe_layers ?? 0,
      tensor_split: serve.tensor_split,
      gpus: parallel.gpus,
    },
  };
}

function problem(path: string, message: string): Problem {
  return { path, message: `${path} ${message}` };
}
