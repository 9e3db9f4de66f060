import type { Item } from "../../plan/inventory.ts";
import { splitPieces } from "../../plan/storage.ts";
import type { Placed } from "../../plan/placement.ts";
import { rowsOf } from "../../plan/placement.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { UnitKind } from "../units.ts";
import type { FsdpPolicy } from "./policy.ts";
import { groupOf } from "./timeline.ts";

/** Bytes of the storages that a unit takes, each rounded; 0 of none. */
export interface Fsdp2Sizes {
  /** Shards on their way from the host, each in its own type. */
  readonly copies: readonly number[];
  /**
   * Shards in the type that they are gathered in, where that is another; of a rank
   * that has all, the largest: each is copied by itself.
   */
  readonly casts: readonly number[];
  /** What all ranks' shards are gathered to. */
  readonly gather: number;
  /** Parameters, whole. */
  readonly whole: readonly number[];
  /** What stays of them after forward, where fewer ranks share them then. */
  readonly kept: readonly number[];
  /** A unit's gradients, in the type that they are reduced in, of all ranks. */
  readonly reduceInput: number;
  /** Of this rank. */
  readonly reduced: number;
  /** What a rank that has all of some experts divides, as none is to do it. */
  readonly divided: number;
  /** This rank's in the shards' type. */
  readonly gradient: number;
  /** Whether that is another than they are reduced in. */
  readonly isCast: boolean;
  /** Bytes that are gathered, and reduced, of all ranks and of this one. */
  readonly sent: {
    readonly gathered: number;
    readonly reduced: number;
    readonly shard: number;
  };
}

/** The part of a tensor of a rank that torch.chunk gives it, and what stays whole. */
export function placedByRows(item: Item, policy: FsdpPolicy): Placed {
  const dtype = policy.storedDtype(item);
  const { ranks, rank, offloads } = policy;
  const { shape, padded } = shardOf(item, policy);
  const isPacked = item.dtype === "uint8";
  const { matrices, beside } = splitPieces(item);
  return {
    owner: offloads ? "host" : ranks > 1 ? "shard" : "whole",
    shape: isPacked ? rowsOf(item.tensor.shape, ranks, rank).shape : shape,
    dtype,
    // Statistics of packed weights are no parameters: they stay where they are.
    pieces: isPacked
      ? [
        ...(offloads ? [] : matrices.map((bytes) => Math.ceil(bytes / ranks))),
        ...beside,
      ]
      : offloads
      ? []
      : [padded * DTYPE_BYTES[dtype]],
  };
}

/** Experts of a group are cut within where more ranks than they share it. */
function shardOf({ tensor }: Item, { ranks, rank, experts }: FsdpPolicy) {
  const { shape, expert } = tensor;
  if (!experts || !expert) return rowsOf(shape, ranks, rank);
  const [all = 1, inner = 1, ...rest] = shape;
  const own = all / experts.ep;
  const local = experts.ranks > own
    ? [inner, own, ...rest]
    : [own, inner, ...rest];
  return rowsOf(local, experts.ranks, experts.rank);
}

/** Ranks that share a unit's shards. */
export function ranksOfUnit(
  { items }: UnitKind,
  { ranks, experts }: Pick<FsdpPolicy, "ranks" | "experts">,
): number {
  return experts && items.every(({ tensor }) => tensor.expert)
    ? experts.ranks
    : ranks;
}

/**
 * Sources: pytorch torch/distributed/fsdp/_fully_shard/_fsdp_collectives.py,
 * foreach_all_gather, foreach_all_gather_copy_out, foreach_reduce;
 * _fsdp_param.py, init_all_gather_outputs, to_sharded_post_forward
 */
export function fsdp2Sizes(
  kind: UnitKind,
  policy: FsdpPolicy,
): Fsdp2Sizes {
  const { items } = kind;
  const { reshard, offloads } = policy;
  const ranks = ranksOfUnit(kind, policy);
  const shards = items.map((item) => {
    const stored = policy.storedDtype(item);
    const isPacked = item.dtype === "uint8";
    const elements = isPacked
      ? sum(
        splitPieces(item).matrices.map((bytes) => Math.ceil(bytes / ranks)),
      )
      : shardOf(item, policy).padded;
    return {
      elements,
      stored: elements * DTYPE_BYTES[stored],
      gathered: elements * DTYPE_BYTES[item.dtype],
      isCast: stored !== item.dtype,
      trains: item.trains,
      dtype: item.dtype,
    };
  });
  const trained = shards.filter(({ trains }) => trains);
  const [one] = trained;
  const reduce: Dtype = policy.reduce ?? one?.dtype ?? "fp32";
  const master = one ? one.stored / Math.max(1, one.elements) : 0;
  const reduced = sum(trained.map(({ elements }) => elements)) *
    DTYPE_BYTES[reduce];
  const gathered = ranks * sum(shards.map((each) => each.gathered));
  const cast = shards.filter(({ isCast }) => isCast);
  const whole = shards.map(({ gathered }) => roundedBytes(ranks * gathered));
  return {
    copies: offloads ? shards.map(({ stored }) => roundedBytes(stored)) : [],
    // From the host each is cast by itself, else all into one tensor.
    casts: offloads ? cast.map(({ gathered }) => roundedBytes(gathered)) : [
      roundedBytes(
        ranks === 1
          ? Math.max(0, ...cast.map(({ gathered }) => gathered))
          : sum(cast.map(({ gathered }) => gathered)),
      ),
    ],
    gather: ranks === 1 ? 0 : roundedBytes(gathered),
    whole,
    kept: typeof reshard === "number"
      ? shards.map(({ gathered }) => roundedBytes(ranks * gathered / reshard))
      : [],
    reduceInput: roundedBytes(ranks * reduced),
    reduced: roundedBytes(reduced),
    divided: ranks === 1 && policy.expertRanks > 1 ? roundedBytes(reduced) : 0,
    gradient: roundedBytes(
      sum(trained.map(({ elements }) => elements)) * master,
    ),
    sent: { gathered, reduced: ranks * reduced, shard: reduced },
    isCast: master !== DTYPE_BYTES[reduce],
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/**
 * The streams that a unit's storages are taken on, beside the one that computes.
 *
 * Source: pytorch torch/distributed/fsdp/_fully_shard/_fsdp_collectives.py,
 * foreach_all_gather, foreach_reduce
 */
export const FSDP2_STREAMS: Readonly<
  Partial<Record<keyof typeof FSDP2_GROUPS, string>>
> = {
  copies: "gathering",
  casts: "gathering",
  gather: "gathering",
  reduced: "reducing",
  gradient: "reducing",
};

/** What a unit's storages count as. */
export const FSDP2_GROUPS = {
  copies: groupOf(
    "communication buffers",
    "shards on their way to be gathered",
  ),
  casts: groupOf("communication buffers", "shards as they are gathered"),
  gather: groupOf("communication buffers", "units being gathered"),
  whole: groupOf("gathered parameters", "gathered parameters"),
  kept: groupOf("gathered parameters", "parameters shared by fewer ranks"),
  reduceInput: groupOf(
    "communication buffers",
    "gradients that are being reduced",
  ),
  reduced: groupOf("communication buffers", "reduced gradients"),
  divided: groupOf("communication buffers", "divided gradients"),
  gradient: groupOf("gradients", "shards of gradients"),
  accumulated: groupOf("gradients", "gradients that are not reduced yet"),
} as const;
