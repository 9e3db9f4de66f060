import { communicatorBytes } from "../../hardware/communicators.ts";
import { GIB } from "../../units/mod.ts";
import { contextOf } from "../context.ts";
import type { ServingGpu } from "../engine.ts";
import {
  bodyPeakBytes,
  expertWorkspaceBytes,
  samplerPeakBytes,
  samplerStateBytes,
} from "./activations.ts";
import type { AskedVllm } from "./asked.ts";
import { encoderProfile } from "./encoder.ts";
import { graphBytes } from "./graphs.ts";
import type { VllmOptions } from "./options.ts";
import { optionsOf } from "./options.ts";
import type { BlockPlan } from "./pool.ts";
import { planPool } from "./plan_pool.ts";
import type { LoadedWeights } from "./weights/mod.ts";

/**
 * What loading kernels and the like takes of a GPU after vLLM has looked how much of
 * it is free. Measured once: vLLM 0.31 consumes 15.26 GiB for Llama-3.1-8B on an
 * A100, of which weights, tables and the sampler's counts are 15.12.
 */
const KERNELS = Math.round(0.14 * GIB);

/** What a stage of the pipeline holds of its GPU, in bytes. */
export interface StagePlan {
  readonly loaded: LoadedWeights;
  /** What the sampler counts, experts' workspace, and embeddings of inputs. */
  readonly sampler: number;
  readonly workspace: number;
  readonly inputs: number;
  /** What the profile run takes for a while. */
  readonly transient: number;
  readonly graphs: number;
}

/** How vLLM would start on a GPU, before it looks at how much the GPU has. */
export interface VllmPlan {
  readonly options: VllmOptions;
  readonly stages: readonly StagePlan[];
  readonly kernels: number;
  /** What was taken before vLLM looked: context, communicators. */
  readonly outside: number;
  /** Null where its caches cannot share a pool. */
  readonly pool: BlockPlan | null;
  /** Tokens of a block. */
  readonly block: number;
}

/** Plans what vLLM holds on a GPU. */
export function planOn(asked: AskedVllm, gpu: ServingGpu): VllmPlan {
  const { question, layout, stages, elementBytes, lookahead } = asked;
  const { scenario, model, mesh } = question;
  const { architecture } = model;
  const options = optionsOf(scenario, model, gpu, {
    isChunked: !asked.isCrossing,
    decodeTokens: 1 + lookahead,
  });
  const batch = {
    tokens: options.max_num_batched_tokens,
    sequences: options.max_num_seqs,
    elementBytes,
  };
  const encoder = encoderProfile(model, mesh.tp, batch);
  const body = bodyPeakBytes(architecture, model.tensors, layout, batch);
  const workspace = expertWorkspaceBytes(architecture, layout, mesh.dp, batch);
  const loaded = asked.loadedOn(gpu);
  const { pool, block } = planPool(asked, options, gpu);
  return {
    options,
    kernels: KERNELS,
    outside: contextOf(scenario, gpu) + communicators(asked, gpu),
    pool,
    block,
    stages: stages.map((stage, at): StagePlan => {
      const to = Math.min(stage.to, architecture.layers);
      return {
        loaded: loaded[at] ??
          { parameters: 0, copies: 0, tables: 0, adapters: 0 },
        sampler: stage.isLast
          ? samplerStateBytes(architecture, batch.sequences)
          : 0,
        workspace,
        inputs: encoder && stage.isFirst
          ? batch.tokens * architecture.hidden_size * elementBytes
          : 0,
        transient: Math.max(
          body,
          stage.isLast ? samplerPeakBytes(architecture, batch) : 0,
          encoder && stage.isFirst ? encoder.peak : 0,
        ),
        graphs: graphBytes(options.captured, {
          layers: to - stage.from,
          mostDecoded: batch.sequences * (1 + lookahead),
        }),
      };
    }),
  };
}

/** What NCCL takes for each group of ranks that talk. */
function communicators(
  { question: { scenario, mesh } }: AskedVllm,
  { gpu }: ServingGpu,
): number {
  const { communication_gib } = scenario.overheads;
  if (communication_gib !== null) return Math.round(communication_gib * GIB);
  const groups = [mesh.tp, mesh.pp, mesh.ep > 1 ? mesh.dp : 1];
  return groups.reduce((sum, ranks) => sum + communicatorBytes(gpu, ranks), 0);
}
