import type { LayerCache } from "../../models/families/code/cache.ts";
import type { CacheQuantizer } from "../../software/transformers/quantized_cache.ts";
import { quantizedCache } from "../../software/transformers/quantized_cache.ts";
import type { HeadKeeper } from "../../play/layers/kept_heads.ts";
import type { KeptPorts } from "../../play/record/kept_ports.ts";
import type { AttentionSettings } from "../../play/torch/ops/attention/types.ts";
import {
  growingCache,
  standingCache,
  standingNarrow,
  standingWindow,
} from "../../software/transformers/caches.ts";

/** How keys and values are kept, and what of them a pass finds and leaves. */
export interface PassCache {
  /** Whether anything is kept at all. */
  readonly keeps: boolean;
  /** Whether nothing is kept yet. */
  readonly isFirst: boolean;
  /** Whether attention is handed a mask of room that no token has filled. */
  readonly masksRest: boolean;
  /** Tokens of each sequence that layers with a full cache look at. */
  readonly keys: number;
  /** The same of layers with a window of so many. */
  windowKeys(size: number): number;
  /** What keeps a layer's keys and values; null where nothing does. */
  keeperOf(
    ports: KeptPorts,
    keeps: LayerCache,
    settings: AttentionSettings,
  ): HeadKeeper | null;
}

/** Tokens of each sequence: before a pass, in it, and of the prompt. */
export interface PassTokens {
  readonly batch: number;
  readonly before: number;
  readonly fresh: number;
  /** Tokens of the first pass, whose keys and values windows hold whole. */
  readonly prompt: number;
}

/** Nothing is kept: each pass sees all that it is given. */
export function noCache({ fresh }: PassTokens): PassCache {
  return {
    keeps: false,
    isFirst: true,
    masksRest: false,
    keys: fresh,
    windowKeys: () => fresh,
    keeperOf: () => null,
  };
}

/** How a release's usual cache does otherwise than the newest one's. */
export interface GrowingCode {
  /** Whether layers with a window keep that window alone. */
  readonly cutsWindows: boolean;
  /** Whether what was kept before stands until a pass is over. */
  readonly holdsOld: boolean;
}

/** The usual cache, which grows with every token. */
export function dynamicCache(
  tokens: PassTokens,
  { cutsWindows, holdsOld }: GrowingCode,
): PassCache {
  const { batch, before, fresh, prompt } = tokens;
  const seenOf = (size: number) =>
    (cutsWindows ? Math.min(before, size - 1) : before) + fresh;
  const until = holdsOld ? "over" : "joined";
  return {
    keeps: true,
    isFirst: before === 0,
    masksRest: false,
    keys: before + fresh,
    windowKeys: seenOf,
    keeperOf: (ports, keeps) => {
      const size = sizeOf(keeps);
      if (size === undefined) return null;
      if (size === null || !cutsWindows) {
        const seen = before + fresh;
        return growingCache(ports, { batch, fresh, held: before, seen }, until);
      }
      // What a prompt left stands whole: a window of it is a view.
      const held = before === prompt ? before : Math.min(before, size);
      const seen = seenOf(size);
      return growingCache(
        ports,
        { batch, fresh, held, seen },
        holdsOld ? until : "both",
      );
    },
  };
}

/** A cache in fewer bits, which grows; windows are kept whole. */
export function narrowCache(
  { batch, before, fresh }: PassTokens,
  how: CacheQuantizer,
): PassCache {
  const seen = before + fresh;
  return {
    keeps: true,
    isFirst: before === 0,
    masksRest: false,
    keys: seen,
    windowKeys: () => seen,
    keeperOf: (ports, keeps) =>
      sizeOf(keeps) === undefined
        ? null
        : quantizedCache(ports, { batch, fresh, held: before, seen }, how),
  };
}

/** A cache with room for so many tokens of each sequence, which stands. */
export function staticCache(
  tokens: PassTokens,
  { room, scaled }: { readonly room: number; readonly scaled: number | null },
): PassCache {
  const { batch, before, fresh } = tokens;
  return {
    keeps: true,
    isFirst: before === 0,
    masksRest: true,
    keys: room,
    windowKeys: (size) => {
      const own = Math.min(size, room);
      return before === 0 && fresh > own ? fresh : own;
    },
    keeperOf: (ports, keeps, { implementation, masked }) => {
      const size = sizeOf(keeps);
      if (size === undefined) return null;
      const given = { batch, fresh, held: before, seen: before + fresh };
      if (scaled !== null) return standingNarrow(ports, given, room, scaled);
      if (size !== null && size < room) {
        return standingWindow(ports, given, size);
      }
      const slices = implementation === "sdpa" && !masked && fresh > 1;
      return standingCache(ports, given, room, slices ? fresh : room);
    },
  };
}

/**
 * Tokens that a layer keeps at most; null where it keeps all, undefined where it has
 * no keys and values.
 */
function sizeOf(keeps: LayerCache): number | null | undefined {
  for (const part of keeps) {
    switch (part.kind) {
      case "full":
      case "latent":
        return null;
      case "window":
      case "chunk":
        return part.size;
      case "cross":
      case "state":
      case "shared":
    }
  }
  return undefined;
}
