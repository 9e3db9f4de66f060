import { assertEquals } from "@std/assert";
import { tryEstimate } from "../../lib/mod.ts";
import { cacheOf } from "../../lib/models/cache_of.ts";
import caches from "../truth/every_cache.json" with { type: "json" };
import { assertOk } from "./results.ts";

type Shape = readonly number[];
type Widths = Readonly<Record<string, number>>;

/** What one layer's cache of transformers held after some tokens, in bfloat16. */
interface HeldShapes {
  readonly keys?: Shape;
  readonly values?: Shape;
  readonly window?: number;
  readonly conv_states?: readonly Shape[];
  readonly recurrent_states?: readonly Shape[];
  readonly indexer?: number;
  /** Whether a window holds but what comes after the prompt. */
  readonly "whole prompt"?: boolean;
  /** Tokens of a pooled row, and the features of rows and of what overlaps. */
  readonly rate?: number;
  readonly compressed_kv?: Widths;
  readonly overlap_kv?: Widths;
  readonly overlap_gate?: Widths;
  /** What is not bfloat16. */
  readonly types?: Readonly<Record<string, string | readonly string[]>>;
}

type Runs = readonly (readonly [count: number, held: HeldShapes])[];

interface TracedCache {
  readonly model_type: string;
  readonly class: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly layers: Runs;
  readonly cross?: Runs;
}

// The file's own type is a union of every shape in it.
const TRACED = caches as unknown as readonly TracedCache[];

const BYTES: Readonly<Record<string, number>> = { bfloat16: 2, float32: 4 };

const product = (shape: Shape = []) =>
  shape.reduce((whole, each) => whole * each, 1);

const sumOf = (widths: Widths = {}) =>
  Object.values(widths).reduce((sum, each) => sum + each, 0);

/** Bytes of a token, and of a sequence whose windows see so many, of a layer. */
function heldBytes(
  held: HeldShapes,
  seen: number,
): { token: number; sequence: number } {
  const sizeOf = (name: string, at = 0) => {
    const stated = held.types?.[name];
    const type = typeof stated === "string" ? stated : stated?.[at];
    return BYTES[type ?? "bfloat16"] ?? NaN;
  };
  // Keys that are the values, too, stand once.
  const values = held.rate === undefined ? held.values : [0];
  const row = held.keys === undefined
    ? 0
    : (product(held.keys) + product(values)) * sizeOf("keys");
  const isWindow = held.window !== undefined && !held["whole prompt"];
  const pooled = held.rate === undefined
    ? 0
    : 2 * sumOf(held.compressed_kv) / held.rate;
  const overlap = 2 * (held.rate ?? 0) *
    (sumOf(held.overlap_kv) + sumOf(held.overlap_gate));
  const states = (["conv_states", "recurrent_states"] as const).flatMap(
    (name) =>
      (held[name] ?? []).map((shape, at) => product(shape) * sizeOf(name, at)),
  );
  return {
    token: (isWindow ? 0 : row) + pooled +
      (held.indexer ?? 0) * sizeOf("indexer"),
    sequence: (isWindow ? row * Math.min(held.window ?? 0, seen) : 0) +
      overlap +
      states.reduce((sum, each) => sum + each, 0),
  };
}

function allBytes(
  runs: Runs,
  seen = Infinity,
): { token: number; sequence: number } {
  return runs.reduce((sum, [count, held]) => {
    const { token, sequence } = heldBytes(held, seen);
    return {
      token: sum.token + count * token,
      sequence: sum.sequence + count * sequence,
    };
  }, { token: 0, sequence: 0 });
}

/** Bytes of a token of the encoder that all layers keep. */
function crossBytes(config: TracedCache["config"]): number {
  return (cacheOf(config) ?? []).flat().reduce(
    (sum, part) =>
      part.kind === "cross" ? sum + 2 * (part.keys + part.values) : sum,
    0,
  );
}

/** Tokens of the encoder: Whisper fills every recording up. */
function encodedTokens(
  { num_mel_bins, max_source_positions }: TracedCache["config"],
): number {
  return num_mel_bins !== undefined && max_source_positions === 1500
    ? 1500
    : 512;
}

for (const type of new Set(TRACED.map(({ model_type }) => model_type))) {
  Deno.test(`what ${type} keeps as it is served is what transformers keeps`, () => {
    const own = TRACED.filter(({ model_type }) => model_type === type);
    for (const { class: name, config, layers, cross } of own) {
      const whole = { model_type: type, ...config, architectures: [name] };
      const result = tryEstimate({
        task: "serve",
        model: { config: whole },
        serve: { engine: "transformers", input_tokens: 512, output_tokens: 3 },
      });
      assertOk(result);
      const { token, sequence } = allBytes(layers);
      assertEquals(result.value.kv?.bytes_per_token, token);
      assertEquals(result.value.kv?.fixed_bytes_per_sequence, sequence);
      const crossed = cross ? allBytes(cross).token : 0;
      if (cross) assertEquals(crossBytes(whole), crossed);
      // Two tokens come after the prompt; an encoder has read as many as it has.
      assertEquals(
        result.value.kv?.bytes,
        514 * token + allBytes(layers, 514).sequence +
          encodedTokens(config) * crossed,
      );
    }
  });
}
