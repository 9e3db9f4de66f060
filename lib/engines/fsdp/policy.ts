import type { RankGroups } from "../../parallel/groups.ts";
import { ringOf } from "../../parallel/groups.ts";
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
  /** The type of an item's shards. */
  storedDtype(item: Item): Dtype;
}

/** Whether accelerate prepares the model, as HF's Trainer has it do. */
function isAccelerate({ engine }: Scenario): boolean {
  return [null, "accelerate", "transformers"].includes(engine.driver);
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

/**
 * Whether the embedding, and the last norm with the head, are units of their own:
 * torchtitan's code has them so, and a release of accelerate that is said.
 *
 * Source: accelerate utils/fsdp_utils.py, fsdp2_prepare_model, from 1.14 on
 */
function carves(scenario: Scenario): boolean {
  const { engine, software } = scenario;
  if (engine.name !== "fsdp2") return false;
  return engine.driver === "torchtitan" ||
    (isAccelerate(scenario) && software.accelerate !== null &&
      isFrom(software.accelerate, [1, 14]));
}

/** The policy of a scenario for one of its ranks. */
export function fsdpPolicy(
  scenario: Scenario,
  place: { readonly dp: number },
  gpus: number,
): FsdpPolicy {
  const { engine, parallel, precision, train } = scenario;
  const { autocast } = precision;
  const ranks = shardRanks(scenario, gpus);
  const accelerate = isAccelerate(scenario);
  return {
    ranks,
    rank: place.dp % ranks,
    replicas: parallel.gpus / ranks,
    wrap: engine.wrap ?? (carves(scenario) ? "titan" : "layers+root"),
    reshard: engine.reshard_after_forward ??
      ["full", "hybrid"].includes(engine.sharding),
    rootReshard: engine.root_reshard ?? false,
    reduce: engine.reduce_dtype ??
      (engine.driver === "torchtitan" ? "fp32" : accelerate ? autocast : null),
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

/** Who shares shards, and who has the same: shards lie beside each other. */
export function fsdpGroups(
  { ranks, replicas, reshard }: FsdpPolicy,
): Partial<RankGroups> {
  return {
    shards: ringOf("data", ranks, 1),
    "shards after forward": ringOf(
      "data",
      typeof reshard === "number" ? reshard : ranks,
      1,
    ),
    replicas: ringOf("data", replicas, ranks),
  };
}

/** Why a scenario is none that FSDP can run; null where it can. */
export function refusedByFsdp(
  { engine, parallel, optimizer }: Scenario,
): string | null {
  const { gpus, tp, pp, cp, ep, dp_replicate, gpus_per_node } = parallel;
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
