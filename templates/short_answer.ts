import type { Estimate, KvCache, Serving } from "../lib/mod.ts";
import { formatBytes, fullness, heldBytes, toQuery } from "../lib/mod.ts";
import { servingVerdict } from "./serving/serving_words.ts";
import { WORDS } from "./answer/verdict.tsx";

/** Warnings, and assumptions, that a short answer repeats. */
const MOST_NOTES = 5;

/** An Estimate in a few lines, for who reads all that is sent: an agent. */
export interface ShortAnswer {
  /** Whether it fits, in a sentence. */
  verdict: string;
  fits: boolean;
  model: string;
  parameters: number;
  gpu: string;
  gpus: number;
  method: string;
  /** Bytes per GPU, as nvidia-smi would show them, and their band. */
  peak_bytes: number;
  low_bytes: number | null;
  high_bytes: number | null;
  usable_bytes: number;
  /** What is left; below zero what is missing. */
  headroom_bytes: number;
  /** The instant of the peak, in words. */
  binding: string;
  /** What stands then, the largest first. */
  parts: { name: string; bytes: number }[];
  /** The GPU with the least memory that holds it; null where none does. */
  smallest_gpu: string | null;
  host_peak_bytes: number | null;
  kv?: Pick<KvCache, "bytes_per_token" | "max_tokens" | "max_sequences">;
  serve?: Pick<
    Serving,
    "engine" | "starts" | "refusal" | "kv_tokens" | "max_concurrency"
  >;
  warnings: string[];
  assumptions: string[];
  /** Warnings and assumptions that are not repeated here. */
  more_notes: number;
  /** Where the page shows all of it. */
  page: string;
}

/**
 * Shortens an Estimate.
 *
 * @throws {RangeError} When it has no GPU, which no Estimate is without.
 */
export function shortAnswer(estimate: Estimate): ShortAnswer {
  const { model, memory, method, scenario, host, kv, serve } = estimate;
  const { warnings, assumptions } = estimate;
  const [own, ...others] = estimate.fit;
  if (!own) throw new RangeError("Cannot shorten an estimate without a GPU");
  const smallest = [own, ...others].filter(({ fits }) => fits)
    .sort((a, b) => a.usable_bytes - b.usable_bytes)[0];
  const told = [warnings, assumptions].map((notes) =>
    notes.slice(0, MOST_NOTES)
  );
  const [warned = [], assumed = []] = told;
  return {
    verdict: verdictOf(estimate),
    fits: own.fits,
    model: model.name,
    parameters: model.parameters,
    gpu: own.gpu,
    gpus: scenario.parallel.gpus,
    method,
    peak_bytes: memory.device_peak_bytes,
    low_bytes: memory.low_bytes,
    high_bytes: memory.high_bytes,
    usable_bytes: own.usable_bytes,
    headroom_bytes: own.headroom_bytes,
    binding: memory.binding,
    parts: memory.parts.map(({ name, bytes }) => ({ name, bytes }))
      .sort((a, b) => b.bytes - a.bytes),
    smallest_gpu: smallest?.gpu ?? null,
    host_peak_bytes: host.peak_bytes,
    ...(kv ? { kv: cacheOf(kv) } : {}),
    ...(serve ? { serve: servingOf(serve) } : {}),
    warnings: warned,
    assumptions: assumed,
    more_notes: warnings.length + assumptions.length - warned.length -
      assumed.length,
    page: `/?${toQuery(scenario)}`,
  };
}

/** Whether it fits, in a sentence without marks or colours. */
export function verdictOf(estimate: Estimate): string {
  const served = servingVerdict(estimate);
  if (served) return [served.title, ...served.sentences].join(". ");
  const own = estimate.fit[0];
  if (!own) return "";
  const { gpus } = estimate.scenario.parallel;
  const spare = formatBytes(Math.abs(own.headroom_bytes));
  return `${WORDS[fullness(own.utilization)].title} on ${
    gpus === 1 ? own.gpu : `${gpus} × ${own.gpu}`
  }: ${formatBytes(heldBytes(estimate.memory))} of ${
    formatBytes(own.usable_bytes)
  }${gpus === 1 ? "" : " per GPU"}, ${spare} ${
    own.headroom_bytes >= 0 ? "to spare" : "too much"
  }`;
}

function cacheOf(
  { bytes_per_token, max_tokens, max_sequences }: KvCache,
): NonNullable<ShortAnswer["kv"]> {
  return { bytes_per_token, max_tokens, max_sequences };
}

function servingOf(
  { engine, starts, refusal, kv_tokens, max_concurrency }: Serving,
): NonNullable<ShortAnswer["serve"]> {
  return { engine, starts, refusal, kv_tokens, max_concurrency };
}
