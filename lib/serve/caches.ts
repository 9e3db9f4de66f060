import type { Architecture } from "../models/architecture.ts";
import { cacheOf } from "../models/cache_of.ts";
import { languageOf } from "../models/language_of_config.ts";
import type { LayerCache } from "../models/families/code/cache.ts";
import type { Model } from "../models/model.ts";
import type { LayerRange } from "../models/tensors/tensor.ts";
import { rangesOfNumbers } from "../models/tensors/layer_numbers.ts";

/** Layers that keep the same between tokens. */
export interface CacheGroup {
  readonly keeps: LayerCache;
  /** Which layers, and how many. */
  readonly layers: readonly LayerRange[];
  readonly count: number;
}

/** What a model's layers keep between tokens, by kinds. */
export interface LayerCaches {
  readonly groups: readonly CacheGroup[];
  /** Layers of the model, those that keep nothing among them. */
  readonly layers: number;
  /** Whether the family's own code says it; else keys and values of every layer. */
  readonly known: boolean;
}

const remembered = new WeakMap<Model, LayerCaches>();

/** What a model's layers keep between tokens; kinds in the order of their first. */
export function cachesOf(model: Model): LayerCaches {
  const before = remembered.get(model);
  if (before) return before;
  const told = model.config ? cacheOf(model.config) : null;
  const stated = told?.every((keeps) => isSane(keeps)) ? told : null;
  const { architecture } = model;
  const caches: LayerCaches = stated === null
    ? {
      groups: [plain(architecture)],
      layers: architecture.layers,
      known: false,
    }
    : {
      groups: grouped(stated),
      layers: stated.length,
      known: languageOf(model.config ?? {}).known,
    };
  remembered.set(model, caches);
  return caches;
}

/** Most numbers that one layer keeps of a token or a sequence; more is a broken file. */
const MAX_NUMBERS = 2 ** 40;

/** Whether sizes that a config.json states are such as memory can have. */
function isSane(keeps: unknown): boolean {
  if (typeof keeps === "number") return keeps >= 0 && keeps <= MAX_NUMBERS;
  return typeof keeps !== "object" || keeps === null ||
    Object.values(keeps).every(isSane);
}

/** Keys and values of every layer, as a decoder like llama keeps them. */
function plain({ layers, kv_heads, head_dim }: Architecture): CacheGroup {
  const width = kv_heads * head_dim;
  return {
    keeps: [{ kind: "full", heads: kv_heads, keys: width, values: width }],
    layers: [[0, layers, 1]],
    count: layers,
  };
}

function grouped(layers: readonly LayerCache[]): CacheGroup[] {
  const kinds = new Map<string, { keeps: LayerCache; numbers: number[] }>();
  for (const [layer, keeps] of layers.entries()) {
    const key = JSON.stringify(keeps);
    const kind = kinds.get(key);
    if (kind) kind.numbers.push(layer);
    else kinds.set(key, { keeps, numbers: [layer] });
  }
  return [...kinds.values()].map(({ keeps, numbers }) => ({
    keeps,
    layers: rangesOfNumbers(numbers),
    count: numbers.length,
  }));
}
