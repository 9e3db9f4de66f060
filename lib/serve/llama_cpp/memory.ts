import { holdsLayer } from "../../models/tensors/layer_numbers.ts";
import type { CachePart } from "../../models/families/code/cache.ts";
import type { LayerCaches } from "../caches.ts";
import type { CellsOf, GraphLayer, StateFloats } from "./graph/plan.ts";
import type { LayerPlacement } from "./placement.ts";
import type { CacheElement, LlamaSettings } from "./settings.ts";

/** Cells of a window come in so many: llama_kv_cache_iswa. */
const WINDOW_CELLS = 256;

/** States are kept in f32: src/llama-model.cpp, create_memory. */
const STATE_BYTES = 4;

/** Bytes of what a model's layers keep, on each backend, the host's last. */
export interface CacheBytes {
  readonly kv: readonly number[];
  readonly states: readonly number[];
}

/** Layers with what they keep. */
export interface LayerMemory {
  readonly layers: readonly GraphLayer[];
  /** The longest window that has a cache of its own; null without one. */
  readonly window: number | null;
}

/** What a head's keys or values are. */
interface Heads {
  readonly heads: number;
  readonly width: number;
}

const NONE: Heads = { heads: 0, width: 0 };

/**
 * What each layer keeps, as llama.cpp lays it out: one cache of the whole context
 * and one of windows, latents without values, states for each slot.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/llama-kv-cache.cpp, -iswa.cpp,
 * src/llama-memory-recurrent.cpp
 *
 * @param hasWindows Whether its graph has caches of windows.
 */
export function layerMemory(
  caches: LayerCaches,
  settings: LlamaSettings,
  { placement, hasWindows }: {
    readonly placement: LayerPlacement;
    readonly hasWindows: boolean;
  },
): LayerMemory {
  const streams = settings.kv_unified ? 1 : settings.n_seq_max;
  const full: CellsOf = {
    cells: settings.n_ctx_seq,
    streams,
    isWindow: false,
  };
  const sizes = caches.groups.flatMap(({ keeps }) =>
    keeps.flatMap((part) =>
      part.kind === "window" || part.kind === "chunk" ? [part.size] : []
    )
  );
  const window = hasWindows && sizes.length > 0 ? Math.max(...sizes) : null;
  const windows: CellsOf | null = window === null ? null : {
    cells: settings.swa_full
      ? full.cells
      : windowCells(window, settings, full.cells),
    streams,
    isWindow: true,
  };
  const parts = placement.layers.map((_, index) =>
    caches.groups.find((group) => holdsLayer(group.layers, index))?.keeps ?? []
  );
  const attentions = parts.map(attentionOf);
  const layers = placement.layers.map((backend, index): GraphLayer => {
    const own = attentions[index];
    const attention = own?.kind === "shared" ? donorOf(attentions, index) : own;
    return {
      index,
      backend,
      memory: settings.offload_kqv ? backend : placement.host,
      cache: attention === undefined
        ? null
        : isOfWindow(attention) && windows
        ? windows
        : full,
      ...headsOf(attention),
      isShared: own?.kind === "shared",
      indexed: own?.kind === "latent" ? own.indexer : 0,
      states: statesOf(parts[index] ?? []),
    };
  });
  return { layers, window };
}

function attentionOf(keeps: readonly CachePart[]): CachePart | undefined {
  return keeps.find(({ kind }) => kind !== "state" && kind !== "cross");
}

function isOfWindow({ kind }: CachePart): boolean {
  return kind === "window" || kind === "chunk";
}

/**
 * Whose keys and values a layer reads that keeps none: those of the last layer of
 * its kind that does, as layers of windows and full ones take turns.
 */
function donorOf(
  attentions: readonly (CachePart | undefined)[],
  index: number,
): CachePart | undefined {
  const isOwn = (part: CachePart | undefined) =>
    part !== undefined && part.kind !== "shared";
  const full = attentions.findIndex((part) =>
    part !== undefined && isOwn(part) && !isOfWindow(part)
  );
  const period = full + 1;
  for (let at = index - period; at >= 0 && period > 0; at -= period) {
    if (isOwn(attentions[at])) return attentions[at];
  }
  return attentions.findLast(isOwn);
}

/** Cells of the windows' cache: enough for one ubatch beside the window. */
export function windowCells(
  window: number,
  { kv_unified, n_seq_max, n_ubatch }: LlamaSettings,
  cells: number,
): number {
  const wanted = Math.min(
    cells,
    window * (kv_unified ? n_seq_max : 1) + n_ubatch,
  );
  return Math.ceil(wanted / WINDOW_CELLS) * WINDOW_CELLS;
}

function headsOf(
  part: CachePart | undefined,
): { keys: Heads; values: Heads } {
  if (!part || part.kind === "state" || part.kind === "shared") {
    return { keys: NONE, values: NONE };
  }
  if (part.kind === "latent") {
    const { rank, rotated } = part;
    return {
      keys: { heads: 1, width: rank + rotated },
      values: { heads: 1, width: rank },
    };
  }
  const { heads, keys, values } = part;
  return {
    keys: { heads, width: heads > 0 ? keys / heads : 0 },
    values: { heads, width: heads > 0 ? values / heads : 0 },
  };
}

function statesOf(keeps: readonly CachePart[]): StateFloats | null {
  const part = keeps.find((each) => each.kind === "state");
  if (part?.kind !== "state") return null;
  const [channels, width] = part.convolution ?? [0, 1];
  return {
    convolution: channels * (width - 1),
    running: (part.state ?? [0]).reduce((product, size) => product * size, 1),
  };
}

/** Bytes that layers keep on each backend. */
export function cacheBytes(
  { layers }: LayerMemory,
  settings: LlamaSettings,
  { isLatent, backends }: {
    readonly isLatent: boolean;
    readonly backends: number;
  },
): CacheBytes {
  const kv = Array.from({ length: backends }, () => 0);
  const states = [...kv];
  for (const layer of layers) {
    const at = layer.memory;
    const padding = layer.cache && !layer.isShared && at < backends - 1
      ? paddingBytes(layer, settings, isLatent)
      : 0;
    kv[at] = (kv[at] ?? 0) + layerBytes(layer, settings, isLatent) + padding;
    if (layer.states) {
      states[at] = (states[at] ?? 0) +
        stateBytes(layer.states) * settings.n_seq_max;
    }
  }
  return { kv, states };
}

/** Bytes of one sequence's states in a layer. */
export function stateBytes({ convolution, running }: StateFloats): number {
  return STATE_BYTES * (convolution + running);
}

/** CUDA pads the rows of quantised tensors to so many: MATRIX_ROW_PADDING. */
const ROW = 512;

/** Tensors of a CUDA buffer begin at multiples of it. */
const ALIGNMENT = 128;

/** What CUDA allocates behind a layer's quantised keys and values. */
function paddingBytes(
  { keys, values }: GraphLayer,
  { key, value }: LlamaSettings,
  isLatent: boolean,
): number {
  const behind = ({ heads, width }: Heads, type: CacheElement) => {
    const over = heads * width % ROW;
    if (!type.isQuantised || over === 0) return 0;
    return Math.ceil((ROW - over) * type.unit / ALIGNMENT) * ALIGNMENT;
  };
  return behind(keys, key) + (isLatent ? 0 : behind(values, value));
}

function layerBytes(
  layer: GraphLayer,
  settings: LlamaSettings,
  isLatent: boolean,
): number {
  const { cache } = layer;
  return cache === null
    ? 0
    : cache.cells * cache.streams * cellBytes(layer, settings, isLatent);
}

/** Bytes of a cell of one layer. */
export function cellBytes(
  { keys, values, isShared, indexed }: GraphLayer,
  { key, value }: LlamaSettings,
  isLatent: boolean,
): number {
  if (isShared) return 0;
  return indexed * key.unit + keys.heads * keys.width * key.unit +
    (isLatent ? 0 : values.heads * values.width * value.unit);
}
