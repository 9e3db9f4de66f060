import type { Item } from "../../plan/inventory.ts";
import { splitPieces } from "../../plan/storage.ts";
import { elementsOf } from "../../models/tensors/tensor.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { UnitKind } from "../units.ts";
import type { FsdpPolicy } from "./policy.ts";
import { groupOf } from "./timeline.ts";

/** Bytes that the addresses of original parameters are multiples of. */
const ALIGNMENT = 16;

/** Where an item lies in its flat parameter. */
export interface FlatItem {
  readonly item: Item;
  readonly from: number;
  readonly to: number;
}

/** A flat parameter: those of a unit that are sharded as one. */
export interface Flat {
  readonly items: readonly FlatItem[];
  readonly trains: boolean;
  /** Of shards. */
  readonly dtype: Dtype;
  /** Elements of a rank's shard, with padding. */
  readonly shard: number;
  /** Bytes of storages, each rounded; 0 of none. */
  readonly bytes: {
    /** A rank's shard between steps... */
    readonly stored: number;
    /** ...as it was before it was cast, which views refer to... */
    readonly stale: number;
    /** ...on its way from the host... */
    readonly copy: number;
    /** ...and in the type that is gathered, where that is another. */
    readonly cast: number;
    readonly whole: number;
    /** The gradient of all, in the parameters' type... */
    readonly flat: number;
    /** ...in the type that it is reduced in... */
    readonly reducible: number;
    /** ...padded for all ranks. */
    readonly padded: number;
    readonly reduced: number;
    readonly gradient: number;
  };
  /** Bytes that are gathered, and reduced, of all ranks and of this one. */
  readonly sent: {
    readonly gathered: number;
    readonly reduced: number;
    readonly shard: number;
  };
}

/**
 * The flat parameters of a unit: PEFT's policy wraps what trains beside frozen
 * layers by itself. The leaves of a layer's adapters are taken together.
 *
 * Sources: pytorch torch/distributed/fsdp/_flat_param.py,
 * _init_flat_param_and_metadata, pre_unshard; peft utils/other.py,
 * fsdp_auto_wrap_policy
 */
export function flatsOf(kind: UnitKind, policy: FsdpPolicy): Flat[] {
  const isAdapted = policy.wrapsAdapters &&
    kind.items.some(({ isAdapter }) => isAdapter);
  const parts = isAdapted
    ? [false, true].map((own) =>
      kind.items.filter(({ isAdapter }) => isAdapter === own)
    )
    : [kind.items];
  return parts.filter((items) => items.length > 0).map((items) =>
    flatOf(items, policy)
  );
}

function sumOf(bytes: readonly number[]): number {
  return bytes.reduce((sum, each) => sum + each, 0);
}

function flatOf(items: readonly Item[], policy: FsdpPolicy): Flat {
  const { ranks, offloads, originals } = policy;
  const trains = items.some((item) => item.trains);
  // What lies packed is flattened in the type that its layer computes in.
  const computed = (items.find(({ dtype }) => dtype !== "uint8") ?? items[0])
    ?.dtype as Dtype;
  const stored = policy.storedDtype({
    ...(items[0] as Item),
    dtype: computed,
    trains,
  });
  const width = DTYPE_BYTES[computed];
  const placed: FlatItem[] = [];
  let from = 0;
  for (const item of items) {
    const to = from +
      (item.dtype === "uint8"
        ? Math.ceil(sumOf(splitPieces(item).matrices) / width)
        : elementsOf(item.tensor));
    placed.push({ item, from, to });
    const unit = originals ? ALIGNMENT / width : 1;
    from = Math.ceil(to / unit) * unit;
  }
  const last = placed.at(-1)?.to ?? 0;
  const shard = Math.ceil(last / ranks);
  const own = DTYPE_BYTES[stored];
  const reduce = policy.reduce ?? computed;
  const isCast = stored !== computed;
  const ofGradient = (bytes: number) => trains ? roundedBytes(bytes) : 0;
  const reduced = shard * DTYPE_BYTES[reduce];
  return {
    items: placed,
    trains,
    dtype: stored,
    shard,
    sent: {
      gathered: ranks * shard * width,
      reduced: ranks * reduced,
      shard: reduced,
    },
    bytes: {
      stored: offloads ? 0 : roundedBytes(shard * own),
      stale: policy.upcasts && originals && isCast && !offloads
        ? roundedBytes(shard * width)
        : 0,
      copy: offloads ? roundedBytes(shard * own) : 0,
      cast: isCast && ranks > 1 ? roundedBytes(shard * width) : 0,
      whole: isCast || ranks > 1 ? roundedBytes(ranks * shard * width) : 0,
      flat: ofGradient(last * width),
      reducible: reduce === computed
        ? 0
        : ofGradient(last * DTYPE_BYTES[reduce]),
      padded: ranks * shard === last || ranks === 1
        ? 0
        : ofGradient(ranks * shard * DTYPE_BYTES[reduce]),
      reduced: ranks > 1 && reduce !== stored ? ofGradient(reduced) : 0,
      gradient: ofGradient(shard * own),
    },
  };
}

/**
 * The streams that a unit's storages are taken on; flat gradients are autograd's.
 *
 * Source: pytorch torch/distributed/fsdp/_runtime_utils.py, _unshard,
 * _post_backward_hook
 */
export const FSDP1_STREAMS: Readonly<
  Partial<Record<keyof typeof FSDP1_GROUPS, string>>
> = {
  copy: "before gathering",
  cast: "before gathering",
  whole: "gathering",
  reducible: "reducing",
  padded: "reducing",
  reduced: "reducing",
  gradient: "reducing",
};

/** What a unit's storages count as. */
export const FSDP1_GROUPS = {
  copy: groupOf("communication buffers", "shards on their way to be gathered"),
  cast: groupOf("communication buffers", "shards as they are gathered"),
  whole: groupOf("gathered parameters", "gathered parameters"),
  flat: groupOf("gradients", "flat gradients"),
  reducible: groupOf(
    "communication buffers",
    "gradients in the type that they are reduced in",
  ),
  padded: groupOf("communication buffers", "padded gradients"),
  reduced: groupOf("communication buffers", "reduced gradients"),
  gradient: groupOf("gradients", "shards of gradients"),
} as const;
