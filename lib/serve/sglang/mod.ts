import { POOL_READS } from "../pool_reads.ts";
import type { Problem } from "../../scenario/problem.ts";
import { cacheElementBytes } from "../elements.ts";
import type {
  Served,
  ServingEngine,
  ServingGpu,
  ServingQuestion,
} from "../engine.ts";
import type { PoolPlan } from "../pool_engine.ts";
import { servedByPool } from "../pool_engine.ts";
import { askedOf } from "./asked.ts";
import type { SglangCells } from "./cells.ts";
import type { SglangReady } from "./plan.ts";
import { planOn } from "./plan.ts";
import { readyFor } from "./ready.ts";

/** Bytes of an element by SGLang's types: fp8 is fp8_e4m3 or fp8_e5m2. */
const TYPES = { bf16: 2, fp16: 2, fp8: 1 };

/** SGLang: pools by `mem_fraction_static`. */
export const sglang: ServingEngine = {
  name: "sglang",
  reads: [
    ...POOL_READS,
    "parallel.pp",
    "parallel.ep",
    "serve.cache_tokens",
    "serve.kv_cache_bytes",
    "serve.enforce_eager",
    "serve.prefix_caching",
    "serve.chunked_prefill_tokens",
    "serve.swa_full_tokens_ratio",
    "serve.max_loras",
    "serve.max_lora_rank",
    "serve.draft_model",
  ],
  refuses: ({ mesh, model, caches }) =>
    mesh.cp > 1
      ? "SGLang's context parallelism is not played yet"
      : caches.groups.length === 0 && caches.known
      ? `SGLang serves decoders: ${model.name} keeps nothing between tokens`
      : null,
  serve: (question) => {
    const element = cacheElementBytes(question.scenario, TYPES);
    const problems = [
      ...(element.ok ? [] : element.problems),
      ...meshProblems(question),
    ];
    if (!element.ok || problems.length > 0) return { ok: false, problems };
    const ready = readyFor(question, askedOf(question), element.value);
    return ready.ok
      ? { ok: true, value: answer(question, ready.value) }
      : ready;
  },
};

/** Experts are dealt out among the ranks of tensor parallelism. */
function meshProblems({ mesh, caches }: ServingQuestion): Problem[] {
  const { tp, ep } = mesh;
  const problems: Problem[] = [];
  if (tp % ep !== 0) {
    problems.push({
      path: "parallel.ep",
      message:
        `parallel.ep must divide parallel.tp = ${tp} with sglang, which deals experts out among its ranks: current value is ${ep}`,
    });
  }
  const uneven = caches.groups.flatMap(({ keeps }) => keeps).find((part) =>
    "heads" in part && part.heads > tp && part.heads % tp !== 0
  );
  if (uneven && "heads" in uneven) {
    problems.push({
      path: "parallel.tp",
      message:
        `parallel.tp must divide the model's ${uneven.heads} key and value heads: current value is ${tp}`,
    });
  }
  return problems;
}

/** SglangCells of the stage that holds the most of a token. */
function heaviest(
  ready: SglangReady,
  card: ServingGpu | undefined,
): SglangCells {
  const stages = card ? ready.stagesOn(card) : [];
  return stages.map(({ cells }) => cells).reduce(
    (most, each) => each.full > most.full ? each : most,
    stages[0]?.cells ?? { full: 0, window: 0, size: 0, state: 0 },
  );
}

function answer(question: ServingQuestion, ready: SglangReady): Served {
  const plan = (gpu: ServingGpu): PoolPlan => planOn(gpu, ready);
  const { context } = ready;
  const cells = heaviest(ready, question.gpus[0]);
  const held = (tokens: number): number =>
    tokens * cells.full + Math.min(tokens, cells.size) * cells.window +
    cells.state;
  return servedByPool(question, {
    context,
    bytesPerToken: cells.full,
    fixedBytesPerSequence: cells.size * cells.window + cells.state,
    heldBy: held,
    sequencesIn: ({ tokens, requests, settings }, length) => {
      const page = Number(settings["page_size"]);
      const whole = Math.ceil(Math.max(1, length) / page) * page;
      const windowTokens = Number(settings["swa_max_total_num_tokens"] ?? 0);
      const inWindows = windowTokens > 0
        ? Math.floor(windowTokens / Math.min(whole, cells.size + page))
        : Infinity;
      return Math.min(requests, Math.floor(tokens / whole), inWindows);
    },
    planOn: plan,
    formulas: {
      weights:
        "a rank's share of each parameter, embeddings padded to 64 rows, and the rotary table in fp32",
      pool:
        "what is free before loading × mem_fraction_static − weights, in whole pages",
      compute:
        "tokens of a chunk × 2 B × (2 × hidden + the widest block of a layer)",
      graphs:
        "2 MiB for each captured batch and 8 for each prefill: SGLang's own allowance",
      tables: "requests × longest sequence × 4 B: req_to_token",
    },
    source:
      "sgl-project/sglang 0.5.23: memory_hook.py, pool_configurator.py, kv_cache_configurator.py",
    assumptions: ready.assumptions,
    warnings: ready.warnings,
  });
}
