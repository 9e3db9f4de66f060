import { assert, assertEquals } from "@std/assert";
import { cacheOf } from "../../lib/models/cache_of.ts";
import type {
  CachePart,
  LayerCache,
} from "../../lib/models/families/code/cache.ts";
import caches from "../truth/caches.json" with { type: "json" };

/** What one layer's cache of transformers held after some tokens. */
interface Held {
  readonly class: string;
  readonly keys?: readonly number[];
  readonly values?: readonly number[];
  readonly window?: number;
  readonly conv_states?: readonly (readonly number[])[];
  readonly recurrent_states?: readonly (readonly number[])[];
  readonly indexer?: readonly number[];
}

interface Traced {
  readonly model_type: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly layers: readonly (readonly [count: number, held: Held])[];
  readonly cross?: readonly (readonly [count: number, held: Held])[];
}

// The file's own type is a union of every shape in it.
const TRACED = caches as unknown as readonly Traced[];

function unrolled(
  runs: readonly (readonly [count: number, held: Held])[],
): Held[] {
  return runs.flatMap(([count, held]) =>
    Array.from({ length: count }, () => held)
  );
}

const product = (shape: readonly number[] = []) =>
  shape.reduce((whole, each) => whole * each, 1);

/** What was held, in this program's words. */
function read(held: Held): CachePart[] {
  const states = held.conv_states?.length || held.recurrent_states?.length
    ? [{
      kind: "state",
      convolution: held.conv_states?.[0] ?? null,
      state: held.recurrent_states?.[0] ?? null,
    }]
    : [];
  const tokens = {
    heads: held.keys?.[0],
    keys: product(held.keys),
    values: product(held.values),
  };
  const attended = held.keys === undefined
    ? []
    : held.window !== undefined
    ? [{ kind: "window", size: held.window, ...tokens }]
    : [{ kind: "full", ...tokens }];
  return [...states, ...attended] as CachePart[];
}

/** Without the repetitions of heads that Falcon's code keeps. */
function kept(
  parts: readonly CachePart[],
  config: Traced["config"],
): CachePart[] {
  if (config["new_decoder_architecture"] !== true) return [...parts];
  const times = Number(config["num_attention_heads"]) /
    Number(config["num_kv_heads"]);
  return parts.map((part) =>
    "keys" in part
      ? {
        ...part,
        heads: part.heads / times,
        keys: part.keys / times,
        values: part.values / times,
      }
      : part
  );
}

/** What is answered, in the words that transformers has for it. */
function told(layer: LayerCache): unknown[] {
  return layer.flatMap((kept): unknown[] => {
    switch (kept.kind) {
      case "chunk":
        return [{ ...kept, kind: "window" }];
      case "latent":
        return [{
          kind: "full",
          heads: 1,
          keys: kept.rank,
          values: kept.rotated,
        }];
      case "state":
        return [{
          kind: "state",
          convolution: kept.convolution,
          state: kept.state,
        }];
      case "shared":
      case "cross":
        return [];
      default:
        return [kept];
    }
  });
}

for (const type of new Set(TRACED.map(({ model_type }) => model_type))) {
  Deno.test(`cacheOf() keeps what ${type} of transformers keeps`, () => {
    for (
      const { config, layers, cross } of TRACED.filter((each) =>
        each.model_type === type
      )
    ) {
      const answer = cacheOf(config);
      assert(answer !== null);
      assertEquals(
        answer.map(told),
        unrolled(layers).map(read).map((held) => kept(held, config)),
      );
      if (!cross) continue;
      const crossed = answer.flatMap((layer) =>
        layer.filter(({ kind }) => kind === "cross")
      );
      assertEquals(
        crossed.map((kept) => {
          const { encoded: _, ...rest } = { encoded: null, ...kept };
          return { ...rest, kind: "full" };
        }),
        unrolled(cross).flatMap(read),
      );
    }
  });
}

Deno.test("cacheOf() knows models that write nothing, and types of nobody", () => {
  assertEquals(cacheOf({ model_type: "bert", num_hidden_layers: 2 }), []);
  assertEquals(cacheOf({ model_type: "reformer", num_hidden_layers: 2 }), null);
  const dimensions = {
    hidden_size: 64,
    num_attention_heads: 4,
    num_key_value_heads: 2,
  };
  assertEquals(
    cacheOf({ model_type: "new", num_hidden_layers: 1, ...dimensions }),
    [[{ kind: "full", heads: 2, keys: 32, values: 32 }]],
  );
});
