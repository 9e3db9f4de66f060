import { assert, assertEquals } from "@std/assert";
import { tryEstimate } from "../../lib/mod.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import type { CachePart } from "../../lib/models/families/code/cache.ts";
import { headsOnRank, stateElements } from "../../lib/serve/cache_bytes.ts";
import { cachesOf } from "../../lib/serve/caches.ts";
import kv from "../truth/kv.json" with { type: "json" };
import { assertOk } from "./results.ts";

interface KvCase {
  readonly id: string;
  readonly model: string;
  readonly components: readonly {
    readonly kind: string;
    readonly bytes_per_token: number;
    readonly window: number | null;
  }[];
  readonly checks: readonly {
    readonly tokens: number;
    readonly bytes: number;
  }[];
  readonly tp_bytes_per_token?: Readonly<Record<string, number | undefined>>;
  readonly kv_dtypes?: Readonly<Record<string, number | undefined>>;
  readonly bytes_per_token_full_length: number;
}

const KNOWN = (kv as readonly KvCase[]).filter(({ model }) =>
  resolveModel(model).ok
);

/** Bytes of a number; blocks of 32 with a scale in llama.cpp's types. */
const NUMBER: Readonly<Record<string, number>> = {
  bf16: 2,
  fp8: 1,
  fp32: 4,
  q8_0: 34 / 32,
  q4_0: 18 / 32,
};

function layersOf(model: string): { part: CachePart; count: number }[] {
  const resolved = resolveModel(model);
  assertOk(resolved);
  return cachesOf(resolved.value).groups.flatMap(({ keeps, count }) =>
    keeps.map((part) => ({ part, count }))
  );
}

/** Numbers of a token that a rank keeps, windows among them. */
function tokenNumbers(part: CachePart, tp: number): number {
  switch (part.kind) {
    case "full":
    case "window":
    case "chunk":
      return part.heads === 0
        ? 0
        : (part.keys + part.values) / part.heads * headsOnRank(part.heads, tp);
    case "latent":
      return part.rank + part.rotated;
    default:
      return 0;
  }
}

function perToken(model: string, tp: number): number {
  return layersOf(model).reduce(
    (sum, { part, count }) => sum + count * tokenNumbers(part, tp),
    0,
  );
}

/** How often transformers keeps each head: Falcon's groups for every query. */
function repeats(model: string): number {
  const resolved = resolveModel(model);
  assertOk(resolved);
  const { config, architecture } = resolved.value;
  return config?.["new_decoder_architecture"] === true
    ? architecture.attention_heads / architecture.kv_heads
    : 1;
}

Deno.test("most models whose caches are known stand in the catalogue", () => {
  assert(KNOWN.length >= 53, `${KNOWN.length} of ${kv.length}`);
});

for (const each of KNOWN) {
  Deno.test(`${each.id}: a token takes what is known of it, on each GPU and in each type`, () => {
    const whole = perToken(each.model, 1);
    assertEquals(2 * whole, each.bytes_per_token_full_length);
    for (const [tp, bytes] of Object.entries(each.tp_bytes_per_token ?? {})) {
      assertEquals(2 * perToken(each.model, Number(tp)), bytes, `tp ${tp}`);
    }
    for (const [type, bytes] of Object.entries(each.kv_dtypes ?? {})) {
      assertEquals((NUMBER[type] ?? NaN) * whole, bytes, type);
    }
  });

  Deno.test(`${each.id}: a sequence takes what is known of it`, () => {
    const layers = layersOf(each.model);
    for (const { tokens, bytes } of each.checks) {
      // States are told in 16 bits there, as engines other than transformers keep them.
      const kept = layers.reduce((sum, { part, count }) => {
        if (part.kind === "state") {
          const { convolution, running } = stateElements(part, 1);
          return sum + 2 * count * (convolution + running);
        }
        const seen = part.kind === "window" || part.kind === "chunk"
          ? Math.min(tokens, part.size)
          : tokens;
        return sum + 2 * count * seen * tokenNumbers(part, 1);
      }, 0);
      assertEquals(kept, bytes, `${tokens} tokens`);
    }
  });

  Deno.test(`${each.id}: transformers' answer says what grows and what does not`, () => {
    const result = tryEstimate({
      task: "serve",
      model: each.model,
      serve: { engine: "transformers", input_tokens: 512, output_tokens: 2 },
    });
    assertOk(result);
    const sumOf = (isWindow: boolean) =>
      each.components.filter(({ window }) => (window !== null) === isWindow)
        .reduce(
          (sum, { bytes_per_token, window }) =>
            sum + bytes_per_token * (window ?? 1),
          0,
        );
    const states = layersOf(each.model).some(({ part }) =>
      part.kind === "state"
    );
    assertEquals(
      result.value.kv?.bytes_per_token,
      repeats(each.model) * sumOf(false),
    );
    if (!states) {
      assertEquals(result.value.kv?.fixed_bytes_per_sequence, sumOf(true));
    }
  });
}

Deno.test("where nobody says what layers keep, the answer says so", () => {
  const assumed = (model_type: string) => {
    const result = tryEstimate({
      task: "serve",
      model: {
        config: {
          model_type,
          hidden_size: 64,
          num_attention_heads: 4,
          num_hidden_layers: 2,
          vocab_size: 100,
          intermediate_size: 128,
        },
      },
      serve: { engine: "transformers" },
    });
    assertOk(result);
    assertEquals(result.value.kv?.bytes_per_token, 2 * 2 * 2 * 64);
    return result.value.assumptions.some((line) =>
      line.includes("no family says it")
    );
  };
  assert(assumed("unheard_of"));
  assert(assumed("reformer"));
  assert(!assumed("llama"));
});
