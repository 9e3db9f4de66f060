import type { Architecture } from "../models/architecture.ts";
import type { Problem } from "../scenario/problem.ts";
import type { Scenario } from "../scenario/schema.ts";
import { divisorsOf, nearestOf } from "./nearest.ts";

type Parallel = Scenario["parallel"];

/**
 * What Megatron-Core refuses of a mesh: heads of keys, experts, stages.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/transformer/transformer_config.py, __post_init__;
 * megatron/core/parallel_state.py, initialize_model_parallel
 */
export function megatronProblems(
  parallel: Parallel,
  model: Architecture,
): Problem[] {
  return [
    keysHeads(parallel, model),
    expertRanks(parallel, model),
    stages(parallel, model),
  ].filter((each) => each !== null);
}

function problem(path: string, message: string): Problem {
  return { path, message: `${path} ${message}` };
}

function keysHeads({ tp }: Parallel, model: Architecture): Problem | null {
  const { attention_heads: heads, kv_heads: kv } = model;
  if (kv === 0 || heads % tp !== 0) return null;
  const fits = (ranks: number) => kv % ranks === 0 || ranks % kv === 0;
  return fits(tp) ? null : problem(
    "parallel.tp",
    `must divide the model's ${kv} key-value heads for Megatron, or be a multiple of them: current value is ${tp}${
      nearestOf(divisorsOf(heads).filter(fits), tp)
    }`,
  );
}

function expertRanks(parallel: Parallel, model: Architecture): Problem | null {
  const { gpus, tp, pp, ep } = parallel;
  const etp = parallel.etp ?? tp;
  if (model.experts === 0 || model.experts % ep !== 0) return null;
  if (etp > 1 && model.expert_intermediate_size % etp !== 0) {
    return problem(
      "parallel.etp",
      `must divide the experts' width of ${model.expert_intermediate_size}: current value is ${etp}${
        nearestOf(divisorsOf(model.expert_intermediate_size), etp)
      }`,
    );
  }
  const stage = gpus / pp;
  if (!Number.isInteger(stage) || stage % (etp * ep) === 0) return null;
  const valid = divisorsOf(stage).filter((each) =>
    stage % (etp * each) === 0 && model.experts % each === 0
  );
  return problem(
    "parallel.ep",
    `x etp = ${ep} x ${etp} must divide the ${stage} GPUs of a stage: current value is ${ep}${
      nearestOf(valid, ep)
    }`,
  );
}

function stages(parallel: Parallel, { layers }: Architecture): Problem | null {
  const { pp, virtual_pipeline: chunks } = parallel;
  const first = parallel.layers_of_first_stage;
  const last = parallel.layers_of_last_stage;
  if (chunks > 1 && pp === 1) {
    return problem(
      "parallel.virtual_pipeline",
      `must be 1 with parallel.pp = 1: current value is ${chunks}`,
    );
  }
  if (pp === 1 || pp * chunks > layers) {
    return pp === 1 || pp > layers ? null : problem(
      "parallel.virtual_pipeline",
      `x parallel.pp = ${chunks} x ${pp} must be at most the model's ${layers} layers: current value is ${chunks}${
        nearestOf(divisorsOf(layers / pp), chunks)
      }`,
    );
  }
  const fixed = (first ?? 0) + (last ?? 0);
  const rest = layers - fixed;
  const even = pp - (first === null ? 0 : 1) - (last === null ? 0 : 1);
  if (first !== null || last !== null) {
    const isEven = even > 0
      ? rest > 0 && rest % (even * chunks) === 0
      : rest === 0;
    if (isEven && (first ?? 0) % chunks === 0 && (last ?? 0) % chunks === 0) {
      return null;
    }
    return problem(
      first === null
        ? "parallel.layers_of_last_stage"
        : "parallel.layers_of_first_stage",
      `must leave layers that the other ${even} stages of ${chunks} ${
        chunks === 1 ? "chunk" : "chunks"
      } share evenly: ${rest} of the model's ${layers} are left`,
    );
  }
  const own = layers / pp;
  // Of layers that stages do not share evenly other methods have figures.
  if (!Number.isInteger(own) || own % chunks === 0) return null;
  return problem(
    "parallel.virtual_pipeline",
    `must divide the ${own} layers of a stage: current value is ${chunks}${
      nearestOf(divisorsOf(own), chunks)
    }`,
  );
}

/** Why Megatron-Core deals a model's layers out to no such stages, in words. */
export function unevenStages(layers: number, pp: number): string {
  return `parallel.pp must divide the model's ${layers} layers for Megatron, unless layers_of_first_stage or layers_of_last_stage differ: current value is ${pp}${
    nearestOf(divisorsOf(layers), pp)
  }`;
}
