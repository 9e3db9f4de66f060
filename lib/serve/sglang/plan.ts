import type { Architecture } from "../../models/architecture.ts";
import type { Mesh } from "../../parallel/mesh.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { MIB } from "../../units/mod.ts";
import type { ServingGpu } from "../engine.ts";
import { outsideOf } from "../outside.ts";
import type { PoolPlan } from "../pool_engine.ts";
import { prefillPeak } from "../prefill_peak.ts";
import type { SglangAsked } from "./asked.ts";
import type { SglangCells } from "./cells.ts";
import type { SglangOptions } from "./options.ts";
import { optionsOn } from "./options.ts";
import type { SglangPools } from "./pools.ts";
import { poolsOf } from "./pools.ts";

/** What a stage of the pipeline needs on its rank. */
export interface SglangStage {
  readonly weights: number;
  readonly cells: SglangCells;
}

/** All that does not depend on the GPU. */
export interface SglangReady {
  readonly asked: SglangAsked;
  readonly scenario: Scenario;
  readonly architecture: Architecture;
  readonly mesh: Mesh;
  /** Stages of the pipeline; whether windows have a pool depends on the GPU. */
  stagesOn(card: ServingGpu): readonly SglangStage[];
  /** The longest sequence, in tokens. */
  readonly context: number;
  /** The model's own, where a longer one is asked for. */
  readonly tooLong: number | null;
  /** The pool by hand. */
  readonly kvBytes: number | null;
  /** Bytes that are left for images that were embedded. */
  readonly imageCache: number;
  readonly assumptions: readonly string[];
  readonly warnings: readonly string[];
}

/** Beside the tokens of a sequence, in a row of the table of requests. */
const MORE_IN_ROW = 4;
const INDEX_BYTES = 4;

/** What SGLang does on a GPU. */
export function planOn(card: ServingGpu, ready: SglangReady): PoolPlan {
  const { asked, scenario, architecture, mesh, context } = ready;
  const options = optionsOn(card, asked);
  const outside = outsideOf(scenario, mesh, card);
  const before = card.usable - outside;
  const stages = ready.stagesOn(card).map(({ weights, cells }) => {
    const bytes = ready.kvBytes ??
      Math.trunc(
        before * options.mem_fraction_static - weights - ready.imageCache,
      );
    return { weights, cells, bytes };
  });
  const tightest = stages.reduce((least, each) =>
    each.bytes < least.bytes ? each : least
  );
  const weights = Math.max(...stages.map((stage) => stage.weights));
  const spare = Math.trunc(before - weights - (ready.kvBytes ?? 0));
  const refused = refusalOf(tightest, before, options, ready);
  const pools = stages.map(({ bytes, cells }) =>
    poolsOf({ bytes, cells, options, asked, context })
  );
  const unable = pools.find((each) => "refusal" in each);
  const refusal = refused ?? (unable ? unable.refusal : null);
  const least = refusal === null
    ? smallest(pools as readonly SglangPools[])
    : null;
  return {
    refusal,
    left: spare < 0 ? Math.min(spare, tightest.bytes) : tightest.bytes,
    weights,
    compute: prefillPeak(architecture, options.chunked_prefill_size, mesh.tp),
    graphs: Math.round(options.graphs_mib * MIB),
    outside,
    tables: least
      ? (least.requests + 1) * (context + MORE_IN_ROW) * INDEX_BYTES
      : 0,
    pool: least ? least.kvBytes + least.stateBytes : 0,
    states: least?.stateBytes ?? 0,
    tokens: least?.tokens ?? 0,
    requests: least?.requests ?? 0,
    settings: settingsOf(options, least, ready, tightest.cells),
  };
}

/** The stage with the fewest tokens decides for all. */
function smallest(pools: readonly SglangPools[]): SglangPools {
  return pools.reduce((least, each) =>
    each.tokens < least.tokens ? each : least
  );
}

function refusalOf(
  { bytes, weights }: { readonly bytes: number; readonly weights: number },
  before: number,
  { mem_fraction_static: fraction }: SglangOptions,
  { tooLong, context, kvBytes }: SglangReady,
): string | null {
  if (tooLong !== null) {
    return `User-specified context_length (${context}) is greater than the derived context_length (${tooLong}). To allow overriding this maximum, set the env var SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN=1`;
  }
  if (weights >= before) return "CUDA out of memory while the weights load";
  if (kvBytes !== null && weights + kvBytes > before) {
    return "CUDA out of memory while the KV cache is allocated";
  }
  if (bytes > 0) return null;
  const least = weights / before;
  return `Loaded weights leave no GPU memory for the KV cache under --mem-fraction-static=${fraction}. Raise --mem-fraction-static above ${
    (Math.ceil(least * 1000) / 1000).toFixed(3)
  } (minimum viable = 1 - available/pre = ${least.toFixed(4)}).`;
}

function settingsOf(
  options: SglangOptions,
  pools: SglangPools | null,
  { asked, context }: SglangReady,
  cells: SglangCells,
): PoolPlan["settings"] {
  return {
    mem_fraction_static: options.mem_fraction_static,
    chunked_prefill_size: options.chunked_prefill_size,
    page_size: options.page_size,
    context_length: context,
    max_running_requests: pools?.requests ?? asked.requests,
    max_total_num_tokens: pools?.tokens ?? null,
    cuda_graph_max_bs: options.cuda_graph_max_bs,
    decode_cuda_graphs: options.decode_cuda_graphs,
    prefill_cuda_graph_max_tokens: options.prefill_cuda_graph_max_tokens,
    prefill_cuda_graphs: options.prefill_cuda_graphs,
    ...(cells.window > 0
      ? {
        swa_full_tokens_ratio: asked.windowRatio,
        swa_max_total_num_tokens: pools?.windowTokens ?? null,
      }
      : {}),
    ...(cells.state > 0
      ? { max_mamba_cache_size: pools ? pools.slots - 1 : null }
      : {}),
  };
}
