import type { Scenario } from "../../scenario/schema.ts";
import { isFrom } from "../../scenario/version.ts";
import type { Architecture } from "../../models/architecture.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { Item } from "../../plan/inventory.ts";
import { dispatchRanks } from "../../plan/dispatched.ts";
import { nearestDivisor, nearestMultiples } from "../../parallel/nearest.ts";
import { driverOf } from "../driver.ts";
import { torchtuneCarves } from "./carved.ts";
import { areShardsPacked, withoutUpcast } from "../packed_shards.ts";
import { refusedInBackward } from "./in_backward.ts";
import type { ExpertShards } from "./expert_shards.ts";
import { expertShards } from "./expert_shards.ts";
import type { Wrap } from "../units.ts";

/** How FSDP shards, gathers and reduces. */
export interface FsdpPolicy {
  /** Ranks that share a model's shards. */
  readonly ranks: number;
  /** Which of them this is. */
  readonly rank: number;
  /** Groups of ranks that each hold all shards. */
  readonly replicas: number;
  readonly wrap: Wrap;
  /** Whether layers give their parameters back after forward; or over how many ranks. */
  readonly reshard: boolean | number;
  readonly rootReshard: boolean;
  /** Whether the last layer keeps its own for the backward pass nevertheless. */
  readonly keepsLast: boolean;
  /** Whether the loss is taken of logits that the root's forward has given. */
  readonly lossOutside: boolean;
  /** The type that gradients are reduced in; null: their own. */
  readonly reduce: Dtype | null;
  /** Whether shards, gradients and states lie on the host. */
  readonly offloads: boolean;
  /** Whether shards were cast to fp32 once they were made. */
  readonly upcasts: boolean;
  /** FSDP 1: whether the original parameters stay, as views of flat ones... */
  readonly originals: boolean;
  /** ...and whether the next unit is gathered early in forward. */
  readonly forwardPrefetch: boolean;
  /** Whether gradients stay unreduced until the last micro-batch. */
  readonly noSync: boolean;
  /** Ranks that share the experts, which are then units of their own. */
  readonly expertRanks: number;
  /**
   * FSDP 1: whether adapters are units by themselves. LitGPT wraps whole blocks, so
   * that gradients are as long as all of a block's parameters.
   */
  readonly wrapsAdapters: boolean;
  /** torchtitan: how they are shared out, beside the rest of their layers. */
  readonly experts: ExpertShards | null;
  /** The type of an item's shards. */
  storedDtype(item: Item): Dtype;
}

/**
 * The policy for a rank's experts, which fewer ranks have: they are gathered and
 * reduced among those.
 *
 * Source: huggingface/transformers distributed/configuration_utils.py, efsdp_size
 */
export function expertsPolicy(policy: FsdpPolicy): FsdpPolicy {
  const { ranks, rank, expertRanks } = policy;
  return expertRanks === 1 ? policy : {
    ...policy,
    ranks: ranks / expertRanks,
    rank: Math.floor(rank / expertRanks),
    reshard: true,
  };
}

/** Whether accelerate prepares the model, as HF's Trainer has it do. */
function isAccelerate(scenario: Scenario): boolean {
  return !isOwn(scenario) &&
    [null, "accelerate", "transformers"].includes(driverOf(scenario));
}

/**
 * Whether transformers shards the model itself, by its DistributedConfig: with FSDP 2
 * alone, and with whole experts to a rank where they are dispatched.
 *
 * Source: huggingface/transformers distributed/fsdp.py,
 * apply_fully_sharded_data_parallelism
 */
function isOwn(scenario: Scenario): boolean {
  const { engine } = scenario;
  return engine.name === "fsdp2" &&
    (engine.driver === "transformers" || dispatchRanks(scenario) > 1);
}

/**
 * A scenario as FSDP's ranks compute it: in the type that units are gathered in.
 * Accelerate runs FSDP 1's forward pass within autocast beside, and FSDP 2's not.
 *
 * Source: accelerate accelerator.py, Accelerator.prepare_model, _prepare_fsdp2
 */
export function computedByFsdp(asked: Scenario): Scenario {
  const scenario = withoutUpcast(asked);
  const { engine, precision, train } = scenario;
  const { autocast } = precision;
  if (autocast === null) return scenario;
  const runsInAutocast = engine.name === "fsdp" && isAccelerate(scenario);
  return {
    ...scenario,
    // One setting of transformers casts inputs of units and widens what is reduced.
    engine: dispatchRanks(scenario) > 1
      ? { ...engine, reduce_dtype: "fp32" }
      : engine,
    precision: {
      ...precision,
      weights: autocast,
      autocast: runsInAutocast ? autocast : null,
    },
    train: { ...train, lora: { ...train.lora, adapter_dtype: autocast } },
  };
}

/** Whether torchtitan shards the model. */
export function isTorchtitan(
  { engine, software }: Pick<Scenario, "engine" | "software">,
): boolean {
  return engine.name === "fsdp2" &&
    driverOf({ engine, software }) === "torchtitan";
}

/**
 * Whether the embedding, and the last norm with the head, are units of their own:
 * torchtitan 0.3 has them so for its models of experts, which 0.1 had none of, and
 * so have transformers' code and a release of accelerate that is said.
 *
 * Sources: accelerate utils/fsdp_utils.py, fsdp2_prepare_model, from 1.14 on;
 * pytorch/torchtitan 0.1.0 torchtitan/models/llama3/infra/parallelize.py, apply_fsdp
 */
function carves(scenario: Scenario, architecture: Architecture): boolean {
  const { engine, software } = scenario;
  if (engine.name !== "fsdp2") return false;
  if (isTorchtitan(scenario)) return architecture.experts > 0;
  if (torchtuneCarves(scenario, architecture)) return true;
  return isOwn(scenario) ||
    (isAccelerate(scenario) && software.accelerate !== null &&
      isFrom(software.accelerate, [1, 14]));
}

/**
 * The policy of a scenario for one of its ranks.
 *
 * Source: Lightning-AI/litgpt finetune/lora.py, FSDPStrategy, no_backward_sync;
 * lightning fabric/strategies/fsdp.py, FSDPStrategy, use_orig_params
 * @param architecture Its model's.
 */
export function fsdpPolicy(
  scenario: Scenario,
  place: { readonly dp: number },
  gpus: number,
  architecture: Architecture,
): FsdpPolicy {
  const { engine, parallel, precision, train } = scenario;
  const titan = isTorchtitan(scenario);
  const plainTitan = titan && architecture.experts === 0;
  const { autocast } = precision;
  const ranks = shardRanks(scenario, gpus);
  const accelerate = isAccelerate(scenario);
  const driver = driverOf(scenario);
  const isLitgpt = driver === "litgpt";
  // accelerate utils/fsdp_utils.py, fsdp2_prepare_model: model_has_params4bit
  const leaves = engine.name === "fsdp2" &&
    areShardsPacked(scenario);
  return {
    ranks,
    rank: place.dp % ranks,
    replicas: parallel.gpus / ranks,
    wrap: engine.wrap ??
      (carves(scenario, architecture) ? "titan" : "layers+root"),
    reshard: engine.reshard_after_forward ??
      ["full", "hybrid"].includes(engine.sharding),
    rootReshard: engine.root_reshard ?? (plainTitan && parallel.pp === 1),
    keepsLast: plainTitan && engine.reshard_after_forward === null,
    experts: titan && parallel.ep > 1
      ? expertShards(parallel.ep, ranks, place.dp % ranks)
      : null,
    lossOutside: titan && train.loss === "full",
    reduce: engine.reduce_dtype ??
      (titan || (isOwn(scenario) && autocast !== null)
        ? "fp32"
        : accelerate
        ? autocast
        : null),
    offloads: engine.offload_parameters !== "none",
    upcasts: accelerate && autocast !== null,
    originals: engine.use_orig_params ?? (accelerate || isLitgpt),
    wrapsAdapters: !isLitgpt,
    forwardPrefetch: engine.forward_prefetch ?? false,
    expertRanks: dispatchRanks(scenario),
    noSync: (engine.no_sync ?? isLitgpt) && train.gradient_accumulation > 1,
    storedDtype({ dtype, trains, isAdapter }) {
      if (dtype !== autocast) return dtype;
      // Accelerate casts what trains before it shards.
      if (accelerate && trains && !leaves) return "fp32";
      return isAdapter ? train.lora.adapter_dtype : precision.weights;
    },
  };
}

/** Ranks that share shards: those of a node where sharding is hybrid. */
export function shardRanks(
  { engine, parallel }: Pick<Scenario, "engine" | "parallel">,
  gpus: number,
): number {
  if (engine.sharding === "none") return 1;
  if (parallel.dp_replicate !== null) return gpus / parallel.dp_replicate;
  return engine.sharding === "hybrid"
    ? Math.min(gpus, parallel.gpus_per_node)
    : gpus;
}

/** Fields that both kinds of FSDP heed. */
export function readByFsdp({ engine, parallel }: Scenario): string[] {
  const isHybrid = engine.sharding === "hybrid" &&
    parallel.dp_replicate === null;
  return [
    "engine.driver",
    "engine.sharding",
    "engine.reduce_dtype",
    "engine.reshard_after_forward",
    "engine.no_sync",
    "engine.offload_parameters",
    "engine.offload_optimizer",
    "parallel.dp_replicate",
    "precision.master_weights",
    ...(isHybrid ? ["parallel.gpus_per_node"] : []),
  ];
}

/** Why a scenario is none that FSDP can run; null where it can. */
export function refusedByFsdp(scenario: Scenario): string | null {
  const { engine, parallel } = scenario;
  const { gpus, tp, pp, cp, ep, dp_replicate, gpus_per_node } = parallel;
  const dispatches = dispatchRanks(scenario);
  // torchtitan shares out its own experts.
  if (tp * pp > 1 || (ep !== dispatches && !isTorchtitan(scenario))) {
    return `engine.name ${engine.name} with tensor, pipeline or expert parallelism is not played through yet`;
  }
  if (cp > 1 && ep > 1) {
    return `parallel.cp ${cp} with parallel.ep ${ep} is not played with engine.name ${engine.name}`;
  }
  if (cp > 1 && engine.name === "fsdp") {
    return `parallel.cp ${cp} is not played with engine.name fsdp: fsdp2 shares sequences`;
  }
  const unshared = dispatches > 1 ? refusedExperts(scenario) : null;
  if (unshared !== null) return unshared;
  const { offload_optimizer, offload_parameters, sharding } = engine;
  if ([offload_optimizer, offload_parameters].includes("nvme")) {
    return `engine.name ${engine.name} offloads to the CPU alone: offload to nvme is DeepSpeed's; engine.offload_parameters and engine.offload_optimizer cpu do`;
  }
  // CPUOffload moves parameters, and gradients and states go with them.
  if (offload_optimizer !== "none" && offload_parameters === "none") {
    return `engine.name ${engine.name} offloads parameters, gradients and optimizer states together: engine.offload_parameters is none and engine.offload_optimizer ${offload_optimizer}; engine.offload_parameters cpu offloads all of them`;
  }
  if (offload_parameters !== "none" && sharding === "none") {
    return "engine.sharding none shards nothing, and FSDP offloads shards: engine.offload_parameters cpu needs sharding full, grad_op or hybrid";
  }
  if (dp_replicate !== null && gpus % dp_replicate !== 0) {
    return `parallel.dp_replicate ${dp_replicate} does not divide parallel.gpus ${gpus}: the nearest that does is ${
      nearestDivisor(gpus, dp_replicate)
    }`;
  }
  if (
    dp_replicate === null && sharding === "hybrid" &&
    gpus % Math.min(gpus, gpus_per_node) !== 0
  ) {
    return `engine.sharding hybrid shards within a node: parallel.gpus ${gpus} is no multiple of parallel.gpus_per_node ${gpus_per_node}${
      nearestMultiples(gpus_per_node, gpus)
    }, or parallel.gpus_per_node ${nearestDivisor(gpus, gpus_per_node)}`;
  }
  const { reshard_after_forward: over } = engine;
  const ranks = shardRanks({ engine, parallel }, gpus);
  if (typeof over === "number" && (over > ranks || ranks % over !== 0)) {
    return `engine.reshard_after_forward ${over} does not divide the ${ranks} ranks that share shards: the nearest that does is ${
      nearestDivisor(ranks, over)
    }`;
  }
  return refusedInBackward(scenario);
}

/** Why experts are not dealt out over ranks; null where they are. */
function refusedExperts(
  { parallel, train, engine }: Scenario,
): string | null {
  const { ep } = parallel;
  if (train.method !== "full") {
    return `parallel.ep ${ep} with train.method ${train.method} is not played through: transformers' own sharding has no adapters of experts yet`;
  }
  const ranks = shardRanks({ engine, parallel }, parallel.gpus);
  return ranks % ep === 0
    ? null
    : `parallel.ep ${ep} does not divide the ${ranks} ranks that share shards: the nearest that does is ${
      nearestDivisor(ranks, ep)
    }`;
}
