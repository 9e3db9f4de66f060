import type { LayerRange } from "../../models/tensors/tensor.ts";
import type { ServingGpu } from "../engine.ts";
import { languageConfigOf } from "../language_config.ts";
import type { AskedVllm, PooledPlan } from "./asked.ts";
import { preferredBlock } from "./attention_blocks.ts";
import { hybridBlock } from "./hybrid_block.ts";
import type { CacheUse } from "./kinds.ts";
import {
  firstOf,
  latentRow,
  specsOf,
  stateBytes,
  tokenBytesOf,
} from "./kinds.ts";
import type { VllmOptions } from "./options.ts";
import { poolPlanOf } from "./pool.ts";
import type { SpecLayers } from "./spec.ts";
import { checkpointsOf, runningStateBytes } from "./state_types.ts";

/** Steps that run ahead of one another: asynchronous scheduling has one more. */
const AHEAD = 1;

/** Blocks of a state that runs along: one, or two where ends of blocks are kept. */
const RUNNING = { alone: 1, kept: 2 };

/**
 * Plans how a model's caches lie in blocks.
 *
 * Source: vllm-project/vllm 0.33 platforms/interface.py,
 * update_block_size_for_backend; config/vllm.py, max_concurrent_batches
 */
export function planPool(
  asked: AskedVllm,
  options: VllmOptions,
  gpu: ServingGpu,
): PooledPlan {
  const use = cacheUse(asked, options, gpu);
  const key = JSON.stringify([use, options.max_num_batched_tokens]);
  const before = asked.plans.get(key);
  if (before) return before;
  const plan = pooled(asked, options, use);
  asked.plans.set(key, plan);
  return plan;
}

function pooled(
  { question, stages, draft }: AskedVllm,
  options: VllmOptions,
  use: CacheUse,
): PooledPlan {
  const { scenario, model, mesh, caches } = question;
  const own = specsOf(caches, model.tensors, use);
  const drafted = draft
    ? behind(
      model.architecture.layers,
      specsOf(draft.caches, draft.model.tensors, use),
    )
    : [];
  return {
    block: use.block,
    pool: poolPlanOf([...own, ...drafted], {
      stages,
      isUnified: scenario.serve.hybrid_kv_cache === false,
      bounds: {
        inFlight: (mesh.pp + AHEAD) * options.max_num_batched_tokens,
        dcp: mesh.cp,
      },
    }),
  };
}

function cacheUse(
  { question, elementBytes, cacheDtype, lookahead, caching, hasStates }:
    AskedVllm,
  options: VllmOptions,
  gpu: ServingGpu,
): CacheUse {
  const { scenario, model, mesh, caches } = question;
  const latent = firstOf(caches, "latent");
  const block = scenario.serve.block_size ?? preferredBlock({
    isLatent: latent !== null,
    isSparse: latent !== null && latent.indexer > 0,
    isQuantized: cacheDtype.isQuantized,
  }, gpu);
  const state = firstOf(caches, "state");
  const widths = {
    tp: mesh.tp,
    elementBytes: cacheDtype.bytes ?? elementBytes,
    scaleBytes: cacheDtype.scales,
    convolutionBytes: elementBytes,
    runningBytes: runningStateBytes(model, elementBytes),
    lookahead,
  };
  const attention = firstOf(caches, "full") ?? firstOf(caches, "window");
  const tokenBytes = latent
    ? latentRow(latent, widths)
    : attention
    ? tokenBytesOf(attention, widths)
    : 0;
  const checkpoints = state && caching
    ? checkpointsOf(model, state, gpu)
    : { blocks: 0, alignment: 1 };
  const raised = state && tokenBytes > 0
    ? hybridBlock({
      block,
      tokenBytes,
      stateBytes: stateBytes(state, widths),
      isLatent: latent !== null,
      isAligned: caching,
      alignment: checkpoints.alignment,
    })
    : null;
  const tokens = raised?.block ?? block;
  return {
    ...widths,
    block: tokens,
    statePage: raised?.page ?? null,
    stateBlock: hasStates && !caching ? options.max_model_len : tokens,
    stateBlocks: (caching ? RUNNING.kept : RUNNING.alone) + lookahead +
      checkpoints.blocks,
    encoded: encodedTokens(question.model, options),
  };
}

/** Tokens of the longest input of an encoder. */
function encodedTokens(
  model: AskedVllm["question"]["model"],
  { max_model_len }: VllmOptions,
): number {
  const stated = languageConfigOf(model)["max_source_positions"];
  return typeof stated === "number" ? stated : max_model_len;
}

/** Layers numbered from one on: a draft's, which the last stage holds. */
function behind(
  first: number,
  kinds: readonly SpecLayers[],
): readonly SpecLayers[] {
  return kinds.map((kind): SpecLayers => ({
    ...kind,
    layers: kind.layers.map(([from, to, step]): LayerRange => [
      from + first,
      to + first,
      step,
    ]),
  }));
}
