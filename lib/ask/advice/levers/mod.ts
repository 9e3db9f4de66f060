import type { Lever } from "../lever.ts";
import { servedAttention } from "./serve/attention.ts";
import { cacheTypeLever } from "./serve/cache_type.ts";
import { fewerSequences } from "./serve/fewer_sequences.ts";
import { hostExperts, hostLayers } from "./serve/host_layers.ts";
import { longestSequence } from "./serve/longest_sequence.ts";
import { moreServingGpus } from "./serve/more_gpus.ts";
import { noGraphs } from "./serve/no_graphs.ts";
import {
  coarseCheckpoint,
  quantisedCheckpoint,
} from "./serve/quantised_checkpoint.ts";
import { shorterContext } from "./serve/shorter_context.ts";
import { utilization } from "./serve/utilization.ts";
import { accumulation } from "./train/accumulation.ts";
import { activationOffloading } from "./train/activation_offloading.ts";
import { attentionKernel } from "./train/attention.ts";
import { checkpointOffload } from "./train/checkpoint_offload.ts";
import { checkpointing } from "./train/checkpointing.ts";
import { chunkedLoss } from "./train/chunked_loss.ts";
import { doubleQuantization } from "./train/double_quantization.ts";
import { eightBitOptimizer } from "./train/eight_bit_optimizer.ts";
import { evaluationBatch, evaluationLogits } from "./train/evaluation_batch.ts";
import { expertsQuantised } from "./train/experts_quantised.ts";
import { fusedLoss } from "./train/fused_loss.ts";
import { kbitUpcast } from "./train/kbit_upcast.ts";
import { loraInstead } from "./train/lora.ts";
import { mlpTiles } from "./train/mlp_tiles.ts";
import { offload } from "./train/offload.ts";
import { pagedOptimizer } from "./train/paged_optimizer.ts";
import { qloraInstead } from "./train/qlora.ts";
import { rolloutShare } from "./train/rollout_share.ts";
import { rolloutSleep } from "./train/rollout_sleep.ts";
import { sequenceLength } from "./train/sequence_length.ts";
import { moreGpus, shards } from "./train/shards.ts";
import { stepInBackward } from "./train/step_in_backward.ts";
import { tensorParallel } from "./train/tensor_parallel.ts";

/**
 * The levers of each task, cheapest first; among those of one cost, that which leaves
 * more as it was.
 */
export const LEVERS: readonly Lever[] = [
  attentionKernel,
  fusedLoss,
  evaluationBatch,
  evaluationLogits,
  chunkedLoss,
  rolloutSleep,
  pagedOptimizer,
  accumulation,
  checkpointing,
  mlpTiles,
  rolloutShare,
  doubleQuantization,
  shards,
  kbitUpcast,
  expertsQuantised,
  eightBitOptimizer,
  stepInBackward,
  checkpointOffload,
  activationOffloading,
  offload,
  loraInstead,
  qloraInstead,
  sequenceLength,
  moreGpus,
  tensorParallel,
  servedAttention,
  longestSequence,
  utilization,
  noGraphs,
  cacheTypeLever,
  quantisedCheckpoint,
  fewerSequences,
  hostExperts,
  hostLayers,
  shorterContext,
  coarseCheckpoint,
  moreServingGpus,
];
