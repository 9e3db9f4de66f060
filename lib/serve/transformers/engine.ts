import type { Serving } from "../../answer/serving.ts";
import { copiesOf } from "../../models/tensors/tensor.ts";
import { cublasWorkspaceBytes } from "../../hardware/cublas_workspace.ts";
import { allocatorPeaks } from "../../play/readers/allocator/peaks.ts";
import {
  FILLABLE,
  reservedWithin,
} from "../../play/readers/allocator/peaks.ts";
import { roundedBytes, TapeFull } from "../../play/memory/tape.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import { contextOf } from "../context.ts";
import type {
  Served,
  ServingEngine,
  ServingGpu,
  ServingQuestion,
} from "../engine.ts";
import { generationCode } from "./code.ts";
import { keptBytes } from "./figures.ts";
import type { GeneratedBatch, GenerationPlan } from "./generation.ts";
import { playGeneration } from "./generation.ts";
import type { KeptKind } from "./kept_kind.ts";
import { layerCaches } from "./layer_caches.ts";
import { servedParts } from "./parts.ts";
import { servedPlanOf } from "./plan.ts";
import { refusalOf } from "./refusal.ts";
import { capacityOf, fitOn } from "./room.ts";
import { sequencesWithin } from "./sequences.ts";

/** transformers' own generate(). */
export const transformersEngine: ServingEngine = {
  name: "transformers",
  reads: [
    "serve.batch",
    "serve.input_tokens",
    "serve.output_tokens",
    "serve.kv_cache",
    "serve.cache_tokens",
    "serve.attention",
    "serve.padding_mask",
    "serve.logits_all",
    "software.transformers",
    "software.torch",
  ],
  refuses: () => null,
  serve,
};

function serve(question: ServingQuestion): Result<Served> {
  const { scenario, gpus, checkpoint, caches } = question;
  const plan = servedPlanOf(question);
  if ("reason" in plan) throw new RangeError(plan.reason);
  const kept = keptKind(question);
  const whole: GenerationPlan = {
    plan,
    caches: layerCaches(caches),
    kept,
    code: generationCode(scenario, plan),
  };
  const { batch, input_tokens: prompt, output_tokens: generated } =
    scenario.serve;
  const asked: GeneratedBatch = { batch, prompt, generated };
  const gpu = gpus[0] as ServingGpu;
  const workspace = cublasWorkspaceBytes(gpu.gpu);
  const played = playGeneration(whole, asked, [workspace]);
  const allocator = allocatorPeaks(played);
  const capacity = capacityOf(scenario, gpu);
  const reserved = reservedWithin(played, allocator, capacity);
  const ends = Math.max(0, allocator.allocated - played.peak.bytes);
  const demand = {
    peak: played.peak.bytes - workspace,
    reserved: allocator.reserved - workspace,
  };
  const fits = fitOn(scenario, demand, gpu);
  const outside = contextOf(scenario, gpu);
  const weights = plan.inventory.items.reduce(
    (sum, { tensor, pieces }) =>
      sum + copiesOf(tensor) *
        pieces.reduce((all, bytes) => all + roundedBytes(bytes), 0),
    0,
  ) + plan.inventory.beside.reduce((sum, { bytes }) => sum + bytes, 0);
  const sequencesOf = (tokens: number): number =>
    sequencesWithin(
      (many) =>
        playGeneration(whole, {
          batch: many,
          prompt: Math.max(1, tokens - generated),
          generated: Math.min(generated, Math.max(0, tokens - 1)),
        }, [workspace]),
      FILLABLE * capacity,
    );
  const most = sequencesOf(prompt + generated);
  const { phasePeaks: peaks, cacheBytes } = played;
  const serving: Serving = {
    engine: "transformers",
    starts: fits.fits,
    refusal: fits.fits ? null : refusalOf(played.program, gpu.usable, capacity),
    weights_bytes: weights,
    compute_bytes: 0,
    graph_bytes: 0,
    outside_bytes: outside,
    kv_pool_bytes: null,
    kv_tokens: null,
    max_model_len: null,
    max_concurrency: null,
    devices: [],
    settings: {},
  };
  return {
    ok: true,
    value: {
      serving,
      kv: {
        ...keptBytes(caches, scenario.precision.weights),
        bytes: cacheBytes,
        max_tokens: most * (prompt + generated),
        max_sequences: most,
      },
      phases: [
        { name: "load", peak_bytes: peaks.load },
        { name: "prefill", peak_bytes: peaks.prefill },
        ...(peaks.decode > 0
          ? [{ name: "decode", peak_bytes: peaks.decode }]
          : []),
      ],
      binding: "prefill",
      parts: servedParts([
        ...played.peak.live,
        {
          part: "allocator rounding",
          label: "ends of blocks that are not cut off",
          count: 1,
          bytes: ends,
        },
      ], checkpoint.basis),
      reserved,
      device: reserved + outside,
      host: null,
      fitOn: (other) => fitOn(scenario, demand, other),
      sequencesOf,
      assumptions: [],
      warnings: [],
    },
  };
}

function keptKind({ scenario: { serve } }: ServingQuestion): KeptKind {
  if (!serve.kv_cache) return { kind: "none" };
  return serve.cache_tokens === null
    ? { kind: "dynamic" }
    : { kind: "static", room: serve.cache_tokens };
}
