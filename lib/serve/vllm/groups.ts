import type { CacheSpec, SpecLayers } from "./spec.ts";

/*
 * Which layers share a table of blocks. All groups draw from one pool, so that a
 * block has to hold the same bytes for each.
 *
 * Source: vllm-project/vllm 0.33 v1/core/kv_cache_planning.py, get_kv_cache_groups
 */

/** Every nth layer of a kind, beginning with some. */
export interface GroupShare {
  readonly kind: SpecLayers;
  /** Of how many groups that the kind is dealt out to, and which one this is. */
  readonly groups: number;
  readonly at: number;
}

/** Layers that share a table of blocks. */
export interface BlockGroup {
  /** Decides how many blocks a request takes. */
  readonly spec: CacheSpec;
  readonly shares: readonly GroupShare[];
}

/**
 * How often the most layers of a kind may be the fewest before kinds are padded up
 * to the most.
 */
const PADS_BELOW = 1.5;

/**
 * Groups kinds of layers.
 *
 * @param isUnified Whether windows are kept in full, as
 *   --disable-hybrid-kv-cache-manager has it.
 * @returns The groups; none where nothing is kept; null where the pages of the
 *   kinds cannot be made alike.
 */
export function groupsOf(
  kinds: readonly SpecLayers[],
  isUnified: boolean,
): BlockGroup[] | null {
  const merged = merge(isUnified ? inFull(kinds) : kinds);
  const [first] = merged;
  if (first === undefined) return [];
  if (merged.every(({ spec }) => isOfOneType(spec, first.spec))) {
    return [{ spec: first.spec, shares: merged.map(whole) }];
  }
  const unified = withOnePage(merged);
  if (unified === null) {
    const full = merge(inFull(kinds));
    const [one] = full;
    return one && full.every(({ spec }) => isOfOneType(spec, one.spec))
      ? [{ spec: one.spec, shares: full.map(whole) }]
      : null;
  }
  const alike = merge(unified);
  const counts = alike.map(({ count }) => count);
  const fewest = Math.min(...counts);
  const most = Math.max(...counts);
  const size = most < fewest * PADS_BELOW ? most : fewest;
  return alike.flatMap((kind) => {
    const groups = Math.ceil(kind.count / size);
    return Array.from({ length: groups }, (_, at): BlockGroup => ({
      spec: kind.spec,
      shares: [{ kind, groups, at }],
    }));
  });
}

function whole(kind: SpecLayers): GroupShare {
  return { kind, groups: 1, at: 0 };
}

/** Puts kinds together whose layers ask for the same. */
function merge(kinds: readonly SpecLayers[]): SpecLayers[] {
  const bySpec = new Map<string, SpecLayers>();
  for (const kind of kinds) {
    const key = JSON.stringify(kind.spec);
    const before = bySpec.get(key);
    bySpec.set(
      key,
      before
        ? {
          spec: kind.spec,
          layers: [...before.layers, ...kind.layers],
          count: before.count + kind.count,
        }
        : kind,
    );
  }
  return [...bySpec.values()];
}

/** Whether two kinds always need as many slots, and so can share a table. */
function isOfOneType(one: CacheSpec, other: CacheSpec): boolean {
  if (one.kind !== other.kind) return false;
  switch (one.kind) {
    case "full":
      return one.block === other.block;
    case "window":
    case "chunk":
      return one.block === other.block &&
        one.reach === (other as typeof one).reach;
    case "state":
      return one.page === other.page &&
        one.blocks === (other as typeof one).blocks;
    case "cross":
      return one.block === other.block;
  }
}

/** Windows and pieces kept as long as the sequence, where other layers are full. */
function inFull(kinds: readonly SpecLayers[]): readonly SpecLayers[] {
  if (!kinds.some(({ spec }) => spec.kind === "full")) return kinds;
  return kinds.map((kind): SpecLayers => {
    const { spec } = kind;
    if (spec.kind !== "window" && spec.kind !== "chunk") return kind;
    const { block, page, shape } = spec;
    return {
      ...kind,
      spec: { kind: "full", latent: false, block, page, shape },
    };
  });
}

/**
 * Makes pages as large as the largest: by more tokens a block where that divides
 * it, else by padding, which latents do not allow.
 */
function withOnePage(kinds: readonly SpecLayers[]): SpecLayers[] | null {
  const largest = Math.max(...kinds.map(({ spec }) => spec.page));
  const unified: SpecLayers[] = [];
  for (const kind of kinds) {
    const { spec } = kind;
    if (spec.page === largest || spec.kind === "state") {
      unified.push({ ...kind, spec: { ...spec, page: largest } });
    } else if (largest % spec.page === 0) {
      const block = spec.block * (largest / spec.page);
      unified.push({ ...kind, spec: { ...spec, page: largest, block } });
    } else if (spec.kind === "full" && spec.latent) {
      return null;
    } else {
      unified.push({ ...kind, spec: { ...spec, page: largest } });
    }
  }
  return unified;
}
