import type { Architecture } from "../../models/architecture.ts";
import type { ServingGpu } from "../engine.ts";

/**
 * Half-precision operations a second of the boards that TGI knows, in TFLOPS.
 *
 * Source: huggingface/text-generation-inference 3.3 launcher/src/main.rs,
 * ComputeType::f16_flop
 */
const TFLOPS: readonly (readonly [name: string, tflops: number])[] = [
  ["RTX 4090", 82],
  ["T4", 65],
  ["L4", 121],
  ["L40", 181],
  ["L40S", 363],
  ["A10G", 125],
  ["A40", 149],
  ["A100-40GB", 312],
  ["A100-80GB", 312],
  ["H100-80GB", 900],
  ["H100-80GB-PCIe", 900],
  ["H100-94GB", 900],
  ["H200", 989],
];
const PER_SECOND = new Map(TFLOPS);

/** Tokens where neither the model nor the board tells. */
const USUAL = 4096;
/** The same of types whose images would be refused otherwise. */
const USUAL_OF: Readonly<Record<string, number>> = {
  qwen2_vl: 10_000,
  qwen2_5_vl: 10_000,
  gemma3: 8000,
};
/** Fewer tokens than this are taken for a mistake. */
const LEAST = 100;
/** What the launcher takes of the memory for its guess. */
const WIGGLE_ROOM = 0.95;
const ELEMENT_BYTES = 2;

/**
 * Tokens of a prefill where --max-batch-prefill-tokens is not given: as many as
 * the boards compute in a second, or the longest sequence, or what the launcher
 * guesses to fit.
 *
 * Source: the same file, main, compute_optimal, vram_maximum and Config
 *
 * @param total Bytes of one board.
 */
export function prefillTokens(
  model: Architecture,
  { card, total, tp, fraction, isQuantised }: {
    readonly card: ServingGpu;
    readonly total: number;
    readonly tp: number;
    readonly fraction: number;
    readonly isQuantised: boolean;
  },
): number {
  const tflops = card.gpu ? PER_SECOND.get(card.gpu.name) : undefined;
  const usual = USUAL_OF[model.type] ?? USUAL;
  const optimal = tflops === undefined || model.vision
    ? usual
    : Math.trunc(tflops * 1e12 * tp / operations(model));
  const computed = optimal > LEAST ? optimal : usual;
  const bounded = Math.min(
    computed,
    model.max_position_embeddings ?? Infinity,
  );
  if (isQuantised || tflops === undefined) return bounded;
  const left = Math.trunc(total * tp * fraction * WIGGLE_ROOM) -
    weightsGuessed(model);
  return left < 0
    ? bounded
    : Math.min(bounded, Math.floor(left / tokenGuessed(model)));
}

/** Operations of a token. */
function operations(model: Architecture): number {
  const { attention_heads, kv_heads, head_dim, hidden_size } = model;
  const attention = 6 * attention_heads + 4 * kv_heads;
  const wide = model.experts > 0
    ? model.expert_intermediate_size * model.experts_per_token
    : model.intermediate_size;
  return model.layers *
    (attention * head_dim * hidden_size + 6 * hidden_size * wide);
}

function expertsOf(model: Architecture): number {
  return Math.max(1, model.experts);
}

function weightsGuessed(model: Architecture): number {
  const { attention_heads, kv_heads, head_dim, hidden_size } = model;
  const layer = 3 * model.intermediate_size * expertsOf(model) * hidden_size +
    (attention_heads + 2 * kv_heads) * head_dim +
    attention_heads * head_dim * hidden_size;
  return ELEMENT_BYTES *
    (layer * model.layers + 2 * hidden_size * model.vocab_size);
}

function tokenGuessed(model: Architecture): number {
  const cache = model.kv_heads * 2 * model.head_dim * ELEMENT_BYTES *
    model.layers;
  const mlp = model.intermediate_size +
    Math.trunc(model.intermediate_size / 2);
  return cache + mlp * expertsOf(model) * ELEMENT_BYTES * 3;
}
