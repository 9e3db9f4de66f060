import type { MegatronPlan } from "../../plan/megatron/plan.ts";
import type { Act, Collective, Instance, Run } from "../../play/program/act.ts";
import type { Segment } from "../../play/record/block.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { ParameterPool } from "./buffers.ts";

/**
 * Acts with what runs exchange of hidden states: each run is followed by its own.
 *
 * @param timesOf Micro-batches of a step that an instance stands for.
 */
export function withExchanges(
  acts: readonly Act[],
  timesOf: (instance: Instance) => number,
): Act[] {
  const known = new Map<Segment, ReturnType<typeof exchangesIn>>();
  return acts.flatMap((act): Act[] => {
    if (act.act !== "run") return [act];
    const own = known.get(act.segment) ?? exchangesIn(act.segment);
    known.set(act.segment, own);
    const micros = timesOf(act.instance);
    return [act, ...own.map((each) => exchanged(act, each, micros))];
  });
}

type Exchanged = Omit<Collective, "act" | "phase" | "at">;

function exchanged(
  { phase, at }: Run,
  what: Exchanged,
  micros: number,
): Collective {
  return {
    act: "collective",
    phase,
    at,
    ...what,
    times: micros * what.times,
  };
}

/** What a segment exchanges; what is alike is counted. */
function exchangesIn({ tape, from, to }: Segment): Exchanged[] {
  const alike = new Map<string, Exchanged>();
  for (const [at, own] of tape.exchanges) {
    if (at < from || at >= to) continue;
    const { collective, group, bytes, what } = own;
    const key = `${collective}|${group}|${bytes}|${what}`;
    const before = alike.get(key)?.times ?? 0;
    alike.set(key, { ...own, times: before + own.times });
  }
  return [...alike.values()];
}

/** How gradients are reduced and parameters gathered. */
export interface PoolExchange {
  /** Bytes of an element of a gradient. */
  readonly gradient: number;
  /** Whether ranks have the optimizer's states of a shard each. */
  readonly distributed: boolean;
}

/**
 * What ranks exchange once a step: gradients of whole buffers after the last
 * micro-batch, of a table that first and last stage share, and what was stepped.
 *
 * Sources: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/distributed/param_and_grad_buffer.py, start_grad_sync,
 * start_param_sync; finalize_model_grads.py, _allreduce_word_embedding_grads
 */
export function stepExchanges(
  { dtype, table, chunks }: MegatronPlan,
  pools: readonly ParameterPool[],
  { gradient, distributed }: PoolExchange,
  sharesTable: boolean,
): { reduced: Collective[]; updated: Collective[] } {
  const ofPools = (
    collective: Collective["collective"],
    what: string,
    each: number,
  ): Collective[] =>
    pools.map(({ name, elements }) => ({
      ...AFTER,
      collective,
      group: name === "experts" ? "expert data" : "data",
      bytes: each * elements,
      times: 1,
      what: name === "experts" ? `experts' ${what}` : what,
    }));
  const isEnd = chunks.some(({ first, last }) => first || last);
  return {
    reduced: [
      ...ofPools(
        distributed ? "reduce-scatter" : "all-reduce",
        "gradients",
        gradient,
      ),
      ...(sharesTable && isEnd && table.weight.trains
        ? [
          {
            ...AFTER,
            collective: "all-reduce",
            group: "ends of the pipeline",
            bytes: gradient * table.weight.elements,
            times: 1,
            what: "gradients of the embedding that first and last stage share",
          } as const,
        ]
        : []),
    ],
    updated: distributed
      ? ofPools("all-gather", "updated parameters", DTYPE_BYTES[dtype])
      : [],
  };
}

const AFTER = {
  act: "collective",
  phase: "optimizer",
  at: "optimizer",
} as const;
