import type { CachePart, PerToken } from "../../models/families/code/cache.ts";
import type { CacheGroup, LayerCaches } from "../caches.ts";
import type { LayerStage } from "../stages.ts";
import { layersIn } from "../stages.ts";

/** What one token, or one request, takes on a rank, all its layers together. */
export interface SglangCells {
  /** Bytes of a token in layers that keep every token. */
  readonly full: number;
  /** Bytes of a token in layers that have a pool of their own for windows. */
  readonly window: number;
  /** The longest window; 0 where there is no such pool. */
  readonly size: number;
  /** Bytes of one request's states. */
  readonly state: number;
}

/** How a rank keeps the cache. */
export interface SglangKeeping {
  readonly tp: number;
  /** Bytes of an element of keys and values. */
  readonly element: number;
  /** Whether windows have a pool of their own. */
  readonly windows: boolean;
  /** Bytes of an element of Mamba's and delta nets' states. */
  readonly stateElement: number;
}

/** Features of the indexer that share a scale of four bytes. */
const INDEXER_GROUP = 128;
/** Features of latent attention that do, where it is kept in fp8. */
const LATENT_GROUP = 128;
/** States of convolutions lie in bf16 whatever the model's type is. */
const CONVOLUTION_BYTES = 2;

/**
 * Bytes of the cache's cells on the rank of a stage.
 *
 * Source: sgl-project/sglang 0.5.23 srt/model_executor/pool_configurator.py,
 * DefaultPoolConfigurator and HybridSWAPoolConfigurator; srt/configs/mamba_utils.py
 */
export function cellsOf(
  { groups }: LayerCaches,
  stage: LayerStage,
  keeping: SglangKeeping,
): SglangCells {
  let full = 0;
  let window = 0;
  let size = 0;
  let state = 0;
  for (const group of groups) {
    const count = countIn(group, stage);
    for (const part of group.keeps) {
      const bytes = count * bytesOf(part, keeping);
      if (part.kind === "state") state += bytes;
      else if (isWindow(part) && keeping.windows) {
        window += bytes;
        if (count > 0) size = Math.max(size, part.size);
      } else full += bytes;
    }
  }
  return { full, window, size, state };
}

function countIn({ layers }: CacheGroup, stage: LayerStage): number {
  return layersIn(layers, stage);
}

function isWindow(
  part: CachePart,
): part is CachePart & { kind: "window" | "chunk" } {
  return part.kind === "window" || part.kind === "chunk";
}

function bytesOf(part: CachePart, keeping: SglangKeeping): number {
  switch (part.kind) {
    case "full":
    case "window":
    case "chunk":
    case "cross":
      return headsBytes(part, keeping);
    case "latent":
      return latentBytes(part, keeping);
    case "state":
      return stateBytes(part, keeping);
    case "shared":
      return 0;
  }
}

/** A rank has its share of the heads, one at least. */
function headsBytes(
  { heads, keys, values }: PerToken,
  { tp, element }: SglangKeeping,
): number {
  const own = Math.max(1, Math.floor(heads / tp));
  return (keys + values) / heads * own * element;
}

/** One row for all heads, which every rank has; an indexer's row of bytes. */
function latentBytes(
  { rank, rotated, indexer }: Extract<CachePart, { kind: "latent" }>,
  { element }: SglangKeeping,
): number {
  const row = indexer > 0 && element === 1
    ? rank + Math.floor(rank / LATENT_GROUP) * 4 + rotated * 2
    : (rank + rotated) * element;
  return row + indexer + Math.floor(indexer / INDEXER_GROUP) * 4;
}

/**
 * States of a request: convolutions without the token at hand, and what runs along.
 * Groups that do not divide by the ranks are repeated.
 */
function stateBytes(
  { of, convolution, state }: Extract<CachePart, { kind: "state" }>,
  { tp, stateElement }: SglangKeeping,
): number {
  const [channels, width] = convolution ?? [0, 1];
  const repeated = state === null ? 0 : repeatedChannels(
    of,
    channels,
    state,
    tp,
  );
  const conv = (channels + repeated) / tp * (width - 1) * CONVOLUTION_BYTES;
  const runs = state === null
    ? 0
    : state.reduce((product, each) => product * each, 1) / tp * stateElement;
  return Math.trunc(conv) + Math.trunc(runs);
}

function repeatedChannels(
  of: string,
  channels: number,
  [heads = 0, middle = 0, last = 0]: readonly number[],
  tp: number,
): number {
  if (of !== "mamba 2" && of !== "gated delta") return 0;
  const [inner, features] = of === "mamba 2"
    ? [heads * middle, last]
    : [heads * last, middle];
  const groups = (channels - inner) / (2 * features);
  return groups % tp === 0 ? 0 : 2 * (tp - groups) * features;
}
