import { cacheFormat } from "../../scenario/cache_format.ts";
import type { KvCache } from "../../answer/serving.ts";
import { usableBytes } from "../../hardware/gpus.ts";
import { groupDigits } from "../../units/mod.ts";
import type { Term } from "../method.ts";
import { FLOAT_BYTES } from "../../models/weight_bytes.ts";
import { cushions } from "./overheads.ts";
import type { FactorsSetup } from "./setup.ts";
import { weights } from "./weights.ts";

/**
 * Bytes of one cached element. llama.cpp's block formats hold 32 values and a
 * 16-bit scale, those ending in 1 also a 16-bit minimum (ggml-common.h).
 */
const CACHE_BYTES: Record<string, number> = {
  fp32: 4,
  bf16: 2,
  fp16: 2,
  fp8: 1,
  int8: 1,
  q8_0: 34 / 32,
  q5_1: 24 / 32,
  q5_0: 22 / 32,
  q4_1: 20 / 32,
  q4_0: 18 / 32,
  iq4_nl: 18 / 32,
};

/**
 * Serving: weights, the key-value cache of every sequence at its full length,
 * and the fixed cushions. The cache counts key-value heads rather than the
 * hidden size, as grouped-query models store it.
 */
export function factorsServing(
  setup: FactorsSetup,
): { terms: Term[]; kv: KvCache } {
  const { scenario, model, mesh } = setup;
  const { serve } = scenario;
  const { kv_heads, head_dim } = model.architecture;
  const element = CACHE_BYTES[cacheFormat(scenario)] ??
    FLOAT_BYTES[scenario.precision.weights];
  const headsPerRank = kv_heads === 0 ? 0 : Math.ceil(kv_heads / mesh.tp);
  const perToken = serve.kv_cache
    ? 2 * setup.layersPerStage * headsPerRank * head_dim * element
    : 0;
  const length = serve.input_tokens + serve.output_tokens;
  const tokens = serve.cache_tokens ?? serve.batch * length;
  const cache: Term = {
    name: "KV cache",
    bytes: perToken * tokens,
    formula: `${
      groupDigits(tokens)
    } tokens × 2 × ${setup.layersPerStage} layers × ${headsPerRank} KV heads × ${head_dim} × ${element} B`,
    basis: "derived",
  };
  const fixed = [weights(setup), ...cushions(scenario)];
  const rest = usableBytes(scenario.hardware.gpu) -
    fixed.reduce((sum, term) => sum + term.bytes, 0);
  const maxTokens = perToken > 0
    ? Math.max(0, Math.floor(rest / perToken))
    : null;
  return {
    terms: [fixed[0] as Term, cache, ...fixed.slice(1)],
    kv: {
      bytes_per_token: Math.round(perToken),
      bytes: Math.round(cache.bytes),
      max_tokens: maxTokens,
      max_sequences: maxTokens === null ? null : Math.floor(maxTokens / length),
    },
  };
}
