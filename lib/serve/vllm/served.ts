import type { KvCache, Serving } from "../../answer/serving.ts";
import type { Served, ServingGpu } from "../engine.ts";
import type { AskedVllm } from "./asked.ts";
import { residentBytes } from "./budget.ts";
import { cacheOfRequest } from "./cache_of_request.ts";
import { devicesOf } from "./devices.ts";
import { partsOf } from "./parts.ts";
import { requestBlocks } from "./pool.ts";
import { assumptionsOf, warningsOf } from "./remarks.ts";
import { settingsOf } from "./settings.ts";
import type { VllmStart } from "./startup.ts";
import { startOn } from "./startup.ts";

/** What vLLM makes of a question. */
export function servedOf(asked: AskedVllm): Served {
  const { scenario, gpus } = asked.question;
  const gpu = smallest(gpus);
  const start = startOn(asked, gpu);
  const { plan, refusal } = start;
  const stage = heaviest(start);
  const parts = partsOf(asked, start, stage);
  const allocated = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const held = plan.stages[stage];
  const loaded = held ? residentBytes(held) - held.workspace : 0;
  const device = plan.outside + plan.kernels + allocated;
  const length = scenario.serve.input_tokens + scenario.serve.output_tokens;
  const fitting = (tokens: number) => sequencesIn(start, tokens);
  return {
    serving: servingOf(asked, start, stage),
    kv: kvOf(asked, start, { stage, length, fits: fitting(length) }),
    phases: [
      { name: "load", peak_bytes: loaded },
      { name: "prefill", peak_bytes: allocated },
      {
        name: "decode",
        peak_bytes: allocated - (held?.transient ?? 0),
      },
    ],
    binding: refusal === null ? "prefill" : "start-up",
    parts,
    reserved: null,
    device,
    host: null,
    fitOn(card) {
      const there = card === gpu ? start : startOn(asked, card);
      return {
        fits: there.refusal === null,
        headroom: there.headroom,
      };
    },
    sequencesOf: fitting,
    assumptions: assumptionsOf(asked, start),
    warnings: warningsOf(asked, start, { length, fits: fitting(length) }),
  };
}

/** The card that decides: all ranks have as many blocks as the one with the fewest. */
function smallest(gpus: readonly ServingGpu[]): ServingGpu {
  return gpus.reduce(
    (least, gpu) => gpu.usable < least.usable ? gpu : least,
    gpus[0] ?? { usable: 0, gpu: null },
  );
}

/** The stage that holds the most beside its pool. */
function heaviest({ plan }: VllmStart): number {
  let most = -1;
  let at = 0;
  for (const [stage, held] of plan.stages.entries()) {
    const bytes = residentBytes(held) + held.transient + held.graphs;
    if (bytes > most) [most, at] = [bytes, stage];
  }
  return at;
}

/** Sequences of so many tokens that the pool holds at once. */
function sequencesIn({ plan, pool }: VllmStart, tokens: number): number {
  if (plan.pool === null || tokens > plan.options.max_model_len) return 0;
  const blocks = requestBlocks(plan.pool, tokens);
  const most = plan.options.max_num_seqs;
  // One block is held back for what is masked.
  return blocks === 0
    ? most
    : Math.min(most, Math.floor(Math.max(0, pool.blocks - 1) / blocks));
}

function servingOf(
  asked: AskedVllm,
  start: VllmStart,
  stage: number,
): Serving {
  const { plan, pool, refusal } = start;
  const held = plan.stages[stage];
  return {
    engine: "vllm",
    starts: refusal === null,
    refusal,
    weights_bytes: held?.loaded.parameters ?? 0,
    compute_bytes: held?.transient ?? 0,
    graph_bytes: held?.graphs ?? 0,
    outside_bytes: plan.outside + plan.kernels,
    kv_pool_bytes: pool.bytes[stage] ?? 0,
    kv_tokens: pool.tokens,
    max_model_len: start.longest,
    max_concurrency: pool.concurrency,
    devices: devicesOf(asked, start),
    settings: settingsOf(asked, start),
  };
}

function kvOf(
  { question: { scenario } }: AskedVllm,
  { plan, pool }: VllmStart,
  { stage, length, fits }: {
    readonly stage: number;
    readonly length: number;
    readonly fits: number;
  },
): KvCache {
  const { growing, fixed } = cacheOfRequest(plan, stage);
  const block = plan.pool?.blockBytes[stage] ?? 0;
  const blocks = plan.pool === null ? 0 : requestBlocks(plan.pool, length);
  return {
    bytes_per_token: growing,
    fixed_bytes_per_sequence: fixed,
    bytes: scenario.serve.cache_tokens === null
      ? scenario.serve.batch * blocks * block
      : pool.bytes[stage] ?? 0,
    max_tokens: pool.tokens,
    max_sequences: fits,
  };
}
