import type { MegatronPlan } from "../../plan/megatron/plan.ts";
import type { Collective } from "../../play/program/act.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { ParameterPool } from "./buffers.ts";

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
