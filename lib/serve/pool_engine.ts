import type { Part } from "../answer/estimate.ts";
import type { SettingValue } from "../answer/serving.ts";
import { formatBytes, groupDigits } from "../units/mod.ts";
import type {
  Served,
  ServedFit,
  ServingGpu,
  ServingQuestion,
} from "./engine.ts";

/** What an engine that fills a pool with what is left makes of one GPU. */
export interface PoolPlan {
  /** Why it does not start, in its own words; null where it does. */
  readonly refusal: string | null;
  /** Bytes that are left for the pool; below 0, what is missing. */
  readonly left: number;
  readonly weights: number;
  readonly compute: number;
  readonly graphs: number;
  /** Context, communicators and whatever else is not the engine's. */
  readonly outside: number;
  /** Tables beside the pool. */
  readonly tables: number;
  readonly pool: number;
  /** What of the pool are states of a fixed size. */
  readonly states: number;
  readonly tokens: number;
  /** Requests that run at once at most. */
  readonly requests: number;
  readonly settings: Record<string, SettingValue>;
}

/** What an engine tells beside its plan of a GPU. */
export interface PoolEngine {
  /** The longest sequence that is taken. */
  readonly context: number;
  readonly bytesPerToken: number;
  readonly fixedBytesPerSequence: number;
  /** Bytes that a sequence of so many tokens holds. */
  heldBy(tokens: number): number;
  /** Sequences of so many tokens that a plan's pool holds. */
  sequencesIn(plan: PoolPlan, tokens: number): number;
  planOn(gpu: ServingGpu): PoolPlan;
  /** Where each number comes from. */
  readonly formulas: Readonly<
    Record<"weights" | "pool" | "compute" | "graphs" | "tables", string>
  >;
  readonly source: string;
  readonly assumptions: readonly string[];
  readonly warnings: readonly string[];
}

/** The answer of an engine that fills a pool with what is left. */
export function servedByPool(
  { scenario, gpus, checkpoint }: ServingQuestion,
  engine: PoolEngine,
): Served {
  const card = gpus.reduce((least, gpu) =>
    gpu.usable < least.usable ? gpu : least
  );
  const plan = engine.planOn(card);
  const { batch, input_tokens, output_tokens } = scenario.serve;
  const length = input_tokens + output_tokens;
  const parts = partsOf(plan, engine, checkpoint.basis);
  const allocated = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const device = allocated + plan.outside;
  const at = (tokens: number): number =>
    plan.refusal === null ? engine.sequencesIn(plan, tokens) : 0;
  const held = batch * engine.heldBy(length);
  // No sequence is longer than the pool.
  const longest = plan.refusal === null
    ? Math.min(engine.context, plan.tokens)
    : 0;
  return {
    serving: {
      engine: scenario.serve.engine,
      starts: plan.refusal === null,
      refusal: plan.refusal,
      weights_bytes: plan.weights,
      compute_bytes: plan.compute,
      graph_bytes: plan.graphs,
      outside_bytes: plan.outside,
      kv_pool_bytes: plan.pool,
      kv_tokens: plan.tokens,
      max_model_len: longest,
      max_concurrency: longest === 0
        ? 0
        : Math.min(plan.tokens / longest, plan.requests),
      devices: [{
        device: "GPU 0",
        weights_bytes: plan.weights,
        kv_bytes: plan.pool - plan.states,
        state_bytes: plan.states,
        compute_bytes: plan.refusal === null ? plan.compute : 0,
        total_bytes: device,
      }],
      settings: plan.settings,
    },
    kv: {
      bytes_per_token: engine.bytesPerToken,
      fixed_bytes_per_sequence: engine.fixedBytesPerSequence,
      bytes: held,
      max_tokens: plan.tokens,
      max_sequences: at(length),
    },
    phases: phasesOf(plan, allocated),
    binding: plan.refusal === null ? "prefill" : "load",
    parts,
    reserved: allocated,
    device,
    host: null,
    fitOn: (gpu) => fitOf(engine.planOn(gpu), held),
    sequencesOf: at,
    assumptions: engine.assumptions,
    warnings: [
      ...engine.warnings,
      ...waiting(at(length), batch, length, plan),
      ...tooLong(length, longest, plan),
      ...overfull(device, card.usable, plan),
    ],
  };
}

function fitOf({ refusal, left }: PoolPlan, held: number): ServedFit {
  return refusal === null
    ? { fits: true, headroom: Math.max(0, left - held) }
    : { fits: false, headroom: Math.min(-1, left) };
}

function partsOf(
  plan: PoolPlan,
  { formulas, source }: PoolEngine,
  basis: Part["basis"],
): Part[] {
  const part = (
    name: string,
    bytes: number,
    formula: string,
    basis: Part["basis"],
  ): Part => ({ name, bytes, formula, basis, source });
  const parts = [part("weights", plan.weights, formulas.weights, basis)];
  if (plan.refusal !== null) return parts;
  return [
    ...parts,
    part("KV cache", plan.pool, formulas.pool, "derived"),
    part("request tables", plan.tables, formulas.tables, "derived"),
    part("CUDA graphs", plan.graphs, formulas.graphs, "assumed"),
    part("activations", plan.compute, formulas.compute, "assumed"),
  ].filter(({ bytes }) => bytes > 0);
}

function phasesOf(plan: PoolPlan, allocated: number): Served["phases"] {
  const load = { name: "load", peak_bytes: plan.weights };
  return plan.refusal === null
    ? [
      load,
      { name: "prefill", peak_bytes: allocated },
      { name: "decode", peak_bytes: allocated - plan.compute },
    ]
    : [load];
}

function waiting(
  fitting: number,
  batch: number,
  length: number,
  { refusal }: PoolPlan,
): string[] {
  return refusal !== null || fitting >= batch ? [] : [
    `${groupDigits(batch - fitting)} of ${groupDigits(batch)} sequences of ${
      groupDigits(length)
    } tokens wait: ${groupDigits(fitting)} fit at once`,
  ];
}

function tooLong(
  length: number,
  longest: number,
  { refusal }: PoolPlan,
): string[] {
  return refusal !== null || length <= longest ? [] : [
    `Sequences of ${
      groupDigits(length)
    } tokens are refused: the longest that is taken has ${
      groupDigits(longest)
    }`,
  ];
}

function overfull(
  device: number,
  usable: number,
  { refusal }: PoolPlan,
): string[] {
  return refusal !== null || device <= usable ? [] : [
    `It starts, but a full prefill may run out of memory: it needs ${
      formatBytes(device - usable)
    } more than the GPU has`,
  ];
}
