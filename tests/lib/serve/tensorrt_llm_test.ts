import { assert, assertEquals } from "@std/assert";
import { tryEstimate } from "../../../lib/mod.ts";
import type { Serving } from "../../../lib/mod.ts";
import { assertOk } from "../results.ts";

function served(serve: object, rest: object = {}): Serving {
  const result = tryEstimate({
    model: "meta-llama/Llama-3.1-8B",
    task: "serve",
    hardware: { gpu: "RTX 4090" },
    ...rest,
    serve: { engine: "tensorrt-llm", ...serve },
  });
  assertOk(result);
  assert(result.value.serve);
  return result.value.serve;
}

Deno.test("Blocks of 32 tokens take 0.9 of what a forward of 8192 tokens leaves", () => {
  const serving = served({});
  const { outside_bytes, weights_bytes, compute_bytes } = serving;
  const free = 25249710080 - outside_bytes - weights_bytes - compute_bytes;
  assertEquals(
    serving.kv_tokens,
    Math.floor(Math.trunc(free * 0.9) / 131072 / 32) * 32,
  );
  assertEquals(serving.settings["max_num_tokens"], 8192);
});

Deno.test("A pool by hand is cut into blocks", () => {
  assertEquals(
    served({ kv_cache_bytes: 131072 * 1000, block_size: 64 }).kv_tokens,
    960,
  );
});

Deno.test("Heads are repeated where ranks are more, latent rows on every rank", () => {
  const tokens = (model: string, tp: number) =>
    served({ kv_cache_bytes: 1e9, block_size: 1 }, {
      model,
      parallel: { gpus: tp, tp },
      hardware: { gpu: "H200" },
    }).kv_tokens ?? 0;
  assertEquals(
    tokens("Qwen/Qwen3-30B-A3B", 8),
    tokens("Qwen/Qwen3-30B-A3B", 4),
  );
  assertEquals(
    tokens("deepseek-ai/DeepSeek-V3", 16),
    Math.floor(1e9 / (61 * 576 * 2)),
  );
});

Deno.test("Weights that leave nothing do not start", () => {
  const { starts, refusal, kv_tokens } = served({}, {
    hardware: { gpu: "RTX 3060-12GB" },
  });
  assertEquals([starts, kv_tokens], [false, 0]);
  assert(refusal !== null);
});

Deno.test("A pool by hand that is more than what is free does not start", () => {
  const { starts } = served({ kv_cache_bytes: 1e15 }, {});
  assertEquals(starts, false);
});

Deno.test("Layouts that it does not load are told", () => {
  const told = (weights: string) =>
    tryEstimate({
      model: "meta-llama/Llama-3.1-8B",
      task: "serve",
      serve: { engine: "tensorrt-llm" },
      quantization: { weights },
    });
  for (const weights of ["gguf:Q4_K_M", "exl3:4", "nf4"]) {
    const result = told(weights);
    assert(result.ok);
    assert(
      result.value.warnings.some((text) =>
        text.includes("loads no checkpoints")
      ),
    );
  }
  const result = told("fp8");
  assert(result.ok);
  assertEquals(result.value.warnings, []);
});
