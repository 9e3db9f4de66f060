import type { Scenario } from "../../scenario/schema.ts";
import { isFrom } from "../../scenario/version.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { Item } from "../../plan/inventory.ts";
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
  /** How experts are shared out, where other ranks share them than the rest. */
  readonly experts: ExpertShards | null;
  /** The type of an item's shards. */
  storedDtype(item: Item): Dtype;
}

/** Ranks that have the same experts, and how many share them all. */
export interface ExpertShards {
  /** Groups of experts, each of which other ranks have. */
  readonly ep: number;
  /** Ranks that share a group's shards, and which of them this is. */
  readonly ranks: number;
  readonly rank: number;
}

/** Whether accelerate prepares the model, as HF's Trainer has it do. */
function isAccelerate({ engine, software }: Scenario): boolean {
  return engine.driver === null
    ? software.model_code !== "torchtitan"
    : ["accelerate", "transformers"].includes(engine.driver);
}

/**
 * A scenario as FSDP's ranks compute it: in the type that units are gathered in.
 * Accelerate runs FSDP 1's forward pass within autocast beside, and FSDP 2's not.
 *
 * Source: accelerate accelerator.py, Accelerator.prepare_model, _prepare_fsdp2
 */
export function computedByFsdp(scenario: Scenario): Scenario {
  const { engine, precision, train } = scenario;
  const { autocast } = precision;
  if (autocast === null) return scenario;
  const runsInAutocast = engine.name === "fsdp" && isAccelerate(scenario);
  return {
    ...scenario,
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
    (engine.driver === "torchtitan" ||
      (engine.driver === null && software.model_code === "torchtitan"));
}

/**
 * Whether the embedding, and the last norm with the head, are units of their own:
 * torchtitan 0.3 has them so for its models of experts, which 0.1 had none of, and
 * so has a release of accelerate that is said.
 *
 * Sources: accelerate utils/fsdp_utils.py, fsdp2_prepare_model, from 1.14 on;
 * pytorch/torchtitan 0.1.0 torchtitan/models/llama3/infra/parallelize.py, apply_fsdp
 */
function carves(scenario: Scenario, hasExperts: boolean): boolean {
  const { engine, software } = scenario;
  if (engine.name !== "fsdp2") return false;
  if (isTorchtitan(scenario)) return hasExperts;
  return isAccelerate(scenario) && software.accelerate !== null &&
    isFrom(software.accelerate, [1, 14]);
}

/**
 * The policy of a scenario for one of its ranks.
 *
 * @param hasExperts Whether its model has experts.
 */
export function fsdpPolicy(
  scenario: Scenario,
  place: { readonly dp: number },
  gpus: number,
  hasExperts = false,
): FsdpPolicy {
  const { engine, parallel, precision, train } = scenario;
  const titan = isTorchtitan(scenario);
  const plainTitan = titan && !hasExperts;
  const { autocast } = precision;
  const ranks = shardRanks(scenario, gpus);
  const accelerate = isAccelerate(scenario);
  return {
    ranks,
    rank: place.dp % ranks,
    replicas: parallel.gpus / ranks,
    wrap: engine.wrap ??
      (carves(scenario, hasExperts) ? "titan" : "layers+root"),
    reshard: engine.reshard_after_forward ??
      ["full", "hybrid"].includes(engine.sharding),
    rootReshard: engine.root_reshard ?? (plainTitan && parallel.pp === 1),
    keepsLast: plainTitan && engine.reshard_after_forward === null,
    experts: parallel.ep > 1
      ? {
        ep: parallel.ep,
        ranks: ranks / parallel.ep,
        rank: Math.floor((place.dp % ranks) / parallel.ep),
      }
      : null,
    lossOutside: titan && train.loss === "full",
    reduce: engine.reduce_dtype ??
      (titan ? "fp32" : accelerate ? autocast : null),
    offloads: engine.offload_parameters !== "none",
    upcasts: accelerate && autocast !== null,
    originals: engine.use_orig_params ?? accelerate,
    forwardPrefetch: engine.forward_prefetch ?? false,
    noSync: (engine.no_sync ?? false) && train.gradient_accumulation > 1,
    storedDtype({ dtype, trains, isAdapter }) {
      if (dtype !== autocast) return dtype;
      // Accelerate casts what trains before it shards.
      if (accelerate && trains) return "fp32";
      return isAdapter ? train.lora.adapter_dtype : precision.weights;
    },
  };
}

/** Ranks that share shards: those of a node where sharding is hybrid. */
function shardRanks(
  { engine, parallel }: Pick<Scenario, "engine" | "parallel">,
  gpus: number,
): number {
  if (engine.sharding === "none") return 1;
  if (parallel.dp_replicate !== null) return gpus / parallel.dp_replicate;
  return engine.sharding === "hybrid"
    ? Math.min(gpus, parallel.gpus_per_node)
    : gpus;
}

/** Why a scenario is none that FSDP can run; null where it can. */
export function refusedByFsdp(
  { engine, parallel, optimizer, software }: Scenario,
): string | null {
  const { gpus, tp, pp, cp, dp_replicate, gpus_per_node } = parallel;
  // torchtitan's own experts are shared out over ranks.
  const ep = isTorchtitan({ engine, software }) && cp === 1 ? 1 : parallel.ep;
  if (tp * pp * ep > 1) {
    return `engine.name ${engine.name} with tensor, pipeline or expert parallelism is not played through yet`;
  }
  if (cp > 1 && engine.name === "fsdp") {
    return `parallel.cp ${cp} is not played with engine.name fsdp: fsdp2 shares sequences`;
  }
  const { offload_optimizer, offload_parameters, sharding } = engine;
  if ([offload_optimizer, offload_parameters].includes("nvme")) {
    return `engine.name ${engine.name} offloads to the CPU alone: offload to nvme is DeepSpeed's`;
  }
  if (offload_optimizer !== offload_parameters) {
    return `engine.name ${engine.name} offloads parameters, gradients and optimizer states together: engine.offload_parameters is ${offload_parameters} and engine.offload_optimizer ${offload_optimizer}`;
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
    return `engine.sharding hybrid shards within a node: parallel.gpus ${gpus} is no multiple of parallel.gpus_per_node ${gpus_per_node}`;
  }
  const { reshard_after_forward: over } = engine;
  const ranks = shardRanks({ engine, parallel }, gpus);
  if (typeof over === "number" && (over > ranks || ranks % over !== 0)) {
    return `engine.reshard_after_forward ${over} does not divide the ${ranks} ranks that share shards: the nearest that does is ${
      nearestDivisor(ranks, over)
    }`;
  }
  return optimizer.in_backward
    ? "optimizer.in_backward steps whole gradients, and FSDP has shards: it is not played with it"
    : null;
}

function nearestDivisor(of: number, near: number): number {
  for (let by = 1; by < of; by++) {
    for (const size of [near - by, near + by]) {
      if (size >= 1 && of % size === 0) return size;
    }
  }
  return of;
}
