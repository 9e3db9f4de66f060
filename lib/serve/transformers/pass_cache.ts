import type { LayerCache } from "../../models/families/code/cache.ts";
import type { HeadKeeper } from "../../play/layers/kept_heads.ts";
import type { KeptPorts } from "../../play/record/kept_ports.ts";
import type { AttentionSettings } from "../../play/torch/ops/attention/types.ts";
import {
  growingCache,
  standingCache,
  standingWindow,
} from "../../software/transformers/caches.ts";

/** How keys and values are kept, and what of them a pass finds and leaves. */
export interface PassCache {
  /** Whether nothing is kept yet. */
  readonly isFirst: boolean;
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
    isFirst: true,
    keys: fresh,
    windowKeys: () => fresh,
    keeperOf: () => null,
  };
}

/** The usual cache, which grows with every token. */
export function dynamicCache(tokens: PassTokens): PassCache {
  const { batch, before, fresh, prompt } = tokens;
  const seenOf = (size: number) => Math.min(before, size - 1) + fresh;
  return {
    isFirst: before === 0,
    keys: before + fresh,
    windowKeys: seenOf,
    keeperOf: (ports, keeps) => {
      const size = sizeOf(keeps);
      if (size === undefined) return null;
      if (size === null) {
        const seen = before + fresh;
        return growingCache(ports, { batch, fresh, held: before, seen }, false);
      }
      // What a prompt left stands whole: a window of it is a view.
      const held = before === prompt ? before : Math.min(before, size);
      const seen = seenOf(size);
      return growingCache(ports, { batch, fresh, held, seen }, true);
    },
  };
}

/** A cache with room for so many tokens of each sequence, which stands. */
export function staticCache(tokens: PassTokens, room: number): PassCache {
  const { batch, before, fresh } = tokens;
  return {
    isFirst: before === 0,
    keys: room,
    windowKeys: (size) => {
      const own = Math.min(size, room);
      return before === 0 && fresh > own ? fresh : own;
    },
    keeperOf: (ports, keeps, { implementation, masked }) => {
      const size = sizeOf(keeps);
      if (size === undefined) return null;
      const given = { batch, fresh, held: before, seen: before + fresh };
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
