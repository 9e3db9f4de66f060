import type { HeadKeeper } from "../../play/layers/kept_heads.ts";
import type { KeptPorts } from "../../play/record/kept_ports.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";

/** What a layer's cache holds of each sequence before and after a pass, in tokens. */
export interface KeptTokens {
  readonly batch: number;
  /** Tokens of the pass. */
  readonly fresh: number;
  /** Tokens whose memory stands already; 0 where the cache is empty. */
  readonly held: number;
  /** Tokens that attention looks at. */
  readonly seen: number;
}

const KEYS = "cached keys";
const VALUES = "cached values";

/**
 * The usual cache, which grows: what is kept and what is new are joined into a
 * tensor of their own, keys before values. Layers with a window join both before
 * they let go of what they had.
 *
 * Source: huggingface/transformers cache_utils.py, DynamicLayer.update and
 * DynamicSlidingWindowLayer.update; 4.41 generation/utils.py, where the caller of a
 * model holds a tuple of what was kept before
 *
 * @param until How long what was kept before stands: until it is joined, until both
 *   are, or until the pass is over.
 */
export function growingCache(
  ports: KeptPorts,
  { batch, fresh, held, seen }: KeptTokens,
  until: "joined" | "both" | "over",
): HeadKeeper {
  return (m, k, v) => {
    const old: Value[] = [];
    const [keys, values] = [[KEYS, k], [VALUES, v]].map((pair) => {
      const [name, each] = pair as [string, Value];
      const width = each.elements / (batch * fresh);
      if (held > 0) {
        old.push(ports.taken(name, batch * held * width, each.dtype));
      }
      const joined = ports.kept(name, batch * seen * width, each.dtype);
      if (until === "joined") m.drop(...old);
      return joined;
    }) as [Value, Value];
    if (until === "over") { for (const each of old) ports.outlive(each); }
    else m.drop(...old);
    m.drop(k, v);
    return { keys, values, seen };
  };
}

/**
 * A cache that is there in full from its first token on, and is written in place.
 *
 * Source: huggingface/transformers cache_utils.py, StaticLayer.update
 *
 * @param size Tokens that it has room for.
 * @param reads Tokens of it that attention looks at.
 */
export function standingCache(
  ports: KeptPorts,
  { batch, fresh, held }: KeptTokens,
  size: number,
  reads: number,
): HeadKeeper {
  return (m, k, v) => {
    const [keys, values] = [[KEYS, k], [VALUES, v]].map((pair) => {
      const [name, each] = pair as [string, Value];
      return standing(m, ports, name, each, batch * fresh, batch * size, held);
    }) as [Value, Value];
    m.drop(k, v);
    return { keys, values, seen: reads };
  };
}

/**
 * The same of a layer with a window: a prompt that is longer is looked at as it is,
 * and once the window is full each token moves all of it by one, in a copy.
 *
 * Source: huggingface/transformers cache_utils.py, StaticSlidingWindowLayer.update
 */
export function standingWindow(
  ports: KeptPorts,
  { batch, fresh, held, seen }: KeptTokens,
  size: number,
): HeadKeeper {
  return (m, k, v) => {
    const isLonger = held === 0 && fresh > size;
    const isFull = held > 0 && seen > size;
    const all = [[KEYS, k], [VALUES, v]].map((pair) => {
      const [name, each] = pair as [string, Value];
      return standing(m, ports, name, each, batch * fresh, batch * size, held);
    }) as [Value, Value];
    if (isFull) {
      const moved = all.map((each) =>
        m.create(each.elements, each.dtype, "window moved by a token")
      );
      m.drop(...moved);
    }
    if (isLonger) {
      m.drop(...all);
      return { keys: k, values: v, seen: fresh };
    }
    m.drop(k, v);
    const [keys, values] = all;
    return { keys, values, seen: size };
  };
}

/**
 * A cache that stands in 8 bits, with a scale for each token and head: every pass
 * expands all of it.
 *
 * Source: pytorch/ao torchao/_models/llama/model.py, AffineQuantizedKVCache
 *
 * @param headWidth Numbers that share a scale.
 */
export function standingNarrow(
  ports: KeptPorts,
  { fresh, held }: KeptTokens,
  size: number,
  headWidth: number,
): HeadKeeper {
  return (m, k, v) => {
    const [keys, values] = [[KEYS, k], [VALUES, v]].map((pair) => {
      const [name, each] = pair as [string, Value];
      const numbers = each.elements / fresh * size;
      const sizes = [numbers, 2 * numbers / headWidth] as const;
      for (const [at, bytes] of sizes.entries()) {
        const own = at === 0 ? name : `scales of ${name}`;
        if (held > 0) ports.taken(own, bytes, "uint8");
        else m.drop(ports.kept(own, bytes, "uint8"));
      }
      return m.create(numbers, each.dtype, "expanded cache");
    }) as [Value, Value];
    m.drop(k, v);
    return { keys, values, seen: size };
  };
}

/** What stands of keys or values of so many tokens, taken where nothing does. */
function standing(
  m: Machine,
  ports: KeptPorts,
  name: string,
  each: Value,
  tokens: number,
  room: number,
  held: number,
): Value {
  const elements = each.elements / tokens * room;
  return held > 0
    ? m.view(ports.taken(name, elements, each.dtype))
    : ports.kept(name, elements, each.dtype);
}
