import type {
  CachePart,
  LayerCache,
  PerToken,
  StateCache,
} from "../../models/families/code/cache.ts";
import type { LayerRange, Tensor } from "../../models/tensors/tensor.ts";
import { copiesOf } from "../../models/tensors/tensor.ts";
import { stateElements, tokenFeatures } from "../cache_bytes.ts";
import type { LayerCaches } from "../caches.ts";
import type { CacheSpec, SpecLayers } from "./spec.ts";

/** How a model's layers are cached on a rank. */
export interface CacheUse {
  readonly tp: number;
  /** Bytes of an element of keys and values. */
  readonly elementBytes: number;
  /** Bytes that a head's keys and values of a token have for scales. */
  readonly scaleBytes: number;
  /** Bytes of an element of convolutions' windows, and of running states. */
  readonly convolutionBytes: number;
  readonly runningBytes: number;
  /** Tokens of a block. */
  readonly block: number;
  /** Bytes that states are padded to; null where nothing is padded. */
  readonly statePage: number | null;
  /** Tokens of a state's block, and blocks that a sequence has of it. */
  readonly stateBlock: number;
  readonly stateBlocks: number;
  /** Tokens of the longest input of an encoder. */
  readonly encoded: number;
  /** Tokens that are drafted ahead. */
  readonly lookahead: number;
}

/**
 * Bytes of a token's row of latents in fp8: 512 codes, four scales and the rotated
 * part in 16 bits.
 *
 * Source: vllm-project/vllm 0.33 model_executor/layers/attention/mla_attention.py,
 * get_kv_cache_spec
 */
const SPARSE_FP8_ROW = 656;

/** Features of an indexer's key that have a scale of 4 bytes together. */
const INDEXER_GROUP = 128;

/** What each kind of layers asks of the cache; those that keep nothing are left out. */
export function specsOf(
  caches: LayerCaches,
  tensors: readonly Tensor[],
  use: CacheUse,
): SpecLayers[] {
  return caches.groups.flatMap(({ keeps, layers, count }) =>
    keeps.flatMap((part) => {
      const spec = specOf(part, use);
      const own = spec === null ? [] : [{ spec, layers, count }];
      return part.kind === "latent" && part.indexer > 0
        ? [...own, ...indexers(part.indexer, { layers, count }, tensors, use)]
        : own;
    })
  );
}

function specOf(part: CachePart, use: CacheUse): CacheSpec | null {
  const { block } = use;
  switch (part.kind) {
    case "full":
      return { kind: "full", latent: false, ...pagesOf(part, use) };
    case "window":
      return { kind: "window", reach: part.size, ...pagesOf(part, use) };
    case "chunk":
      return { kind: "chunk", reach: part.size, ...pagesOf(part, use) };
    case "cross":
      return { kind: "cross", encoded: use.encoded, ...pagesOf(part, use) };
    case "latent": {
      const row = latentRow(part, use);
      const shape = `latent ${row}`;
      return { kind: "full", latent: true, block, page: block * row, shape };
    }
    case "state":
      return {
        kind: "state",
        block: use.stateBlock,
        blocks: use.stateBlocks,
        page: use.statePage ?? stateBytes(part, use),
        shape: `state ${stateBytes(part, use)}`,
      };
    case "shared":
      return null;
  }
}

function pagesOf(
  part: PerToken,
  use: CacheUse,
): Pick<CacheSpec, "block" | "page" | "shape"> {
  const token = tokenBytesOf(part, use);
  const { heads, keys, values } = part;
  return {
    block: use.block,
    page: use.block * token,
    shape: `${heads} ${keys} ${values}`,
  };
}

/** Bytes of a token's keys and values in a layer on a rank. */
export function tokenBytesOf(
  part: PerToken,
  { tp, elementBytes, scaleBytes }: Pick<
    CacheUse,
    "tp" | "elementBytes" | "scaleBytes"
  >,
): number {
  const { keys, values } = tokenFeatures(part, tp);
  const width = part.heads === 0 ? 1 : part.keys / part.heads;
  return (keys + values) * elementBytes + keys / width * scaleBytes;
}

/** Bytes of a token's compressed row; every rank keeps all of it. */
export function latentRow(
  { rank, rotated, indexer }: Extract<CachePart, { kind: "latent" }>,
  { elementBytes }: Pick<CacheUse, "elementBytes">,
): number {
  return indexer > 0 && elementBytes === 1
    ? SPARSE_FP8_ROW
    : (rank + rotated) * elementBytes;
}

/** Bytes of a sequence's state in a layer on a rank. */
export function stateBytes(
  part: StateCache,
  { tp, lookahead, convolutionBytes, runningBytes }: Pick<
    CacheUse,
    "tp" | "lookahead" | "convolutionBytes" | "runningBytes"
  >,
): number {
  const { convolution, running } = stateElements(part, tp, lookahead);
  return Math.ceil(convolution * convolutionBytes + running * runningBytes);
}

/** The keys that indexers look through, of those layers that have one of their own. */
function indexers(
  width: number,
  { layers, count }: { layers: readonly LayerRange[]; count: number },
  tensors: readonly Tensor[],
  { block }: CacheUse,
): SpecLayers[] {
  const own = tensors.find(({ name }) => name.includes(".indexer.wk."));
  const row = width + width / INDEXER_GROUP * 4;
  const spec: CacheSpec = {
    kind: "full",
    latent: true,
    block,
    page: block * row,
    shape: `indexer ${row}`,
  };
  return own?.layers
    ? [{ spec, layers: own.layers, count: copiesOf(own) }]
    : [{ spec, layers, count }];
}

/** The first part of a kind that any layer keeps. */
export function firstOf<K extends CachePart["kind"]>(
  caches: LayerCaches,
  kind: K,
): Extract<CachePart, { kind: K }> | null {
  const isOfKind = (
    part: CachePart,
  ): part is Extract<CachePart, { kind: K }> => part.kind === kind;
  return caches.groups
    .flatMap(({ keeps }: { keeps: LayerCache }) => keeps)
    .find(isOfKind) ?? null;
}
