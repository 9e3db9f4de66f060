import { assert, assertEquals } from "@std/assert";
import { GIB } from "../../../lib/units/mod.ts";
import logs from "../../truth/serving/vllm_logs.json" with { type: "json" };
import cases from "../../truth/serving/vllm.json" with { type: "json" };
import { estimateServed, onVllm } from "./on_vllm.ts";

interface Case {
  readonly id: string;
  readonly scenario: object;
  /** Weights are those of the first stage. */
  readonly expect: Readonly<Record<string, number | undefined>>;
}

/** vLLM's options, by the names that its own code's answers have for them. */
const SETTINGS: Readonly<Record<string, string>> = {
  max_num_batched_tokens: "max_num_batched_tokens",
  max_num_seqs: "max_num_seqs",
  max_model_len: "max_model_len",
  block_size: "block_size",
  num_blocks: "num_gpu_blocks",
  cudagraph_captures: "cudagraph_capture_sizes",
  max_cudagraph_capture_size: "max_cudagraph_capture_size",
};

/** How far weights may be off. */
const TOLERANCE = 0.002;

/**
 * Weights that are further off, and by how much; it may only shrink.
 * - Of two stages of a pipeline vLLM's code gives the first no head and the last no
 *   embeddings; the count that is compared with has both in each.
 * - "fp8" is taken for a scale an output where the case has blocks.
 */
const OFF: Readonly<Record<string, number>> = {
  "vllm-Llama-3.1-70B-21474836480-pp=2-tp=2-max_model_len=16384": 0.02893,
};

for (const { id, scenario, expect } of cases as readonly Case[]) {
  Deno.test(`${id} is as vLLM's own code has it`, () => {
    const answer = estimateServed(scenario);
    const { serve, kv } = answer;
    assert(serve && kv);
    const weights = expect["weights_bytes"] ?? 0;
    const error = Math.abs(serve.weights_bytes / weights - 1);
    const known = OFF[id];
    assert(
      known === undefined
        ? error <= TOLERANCE
        : error > TOLERANCE && error <= known,
      `weights are off by ${error}`,
    );
    if (expect["num_blocks"] === undefined) return;
    for (const [name, setting] of Object.entries(SETTINGS)) {
      assertEquals(serve.settings[setting], expect[name], name);
    }
    assertEquals(serve.kv_tokens, expect["kv_tokens"]);
    assertEquals(serve.max_concurrency, expect["max_concurrency"]);
    assertEquals(serve.kv_pool_bytes, expect["kv_bytes"]);
    const perToken = expect["kv_bytes_per_token"];
    if (perToken !== undefined) assertEquals(kv.bytes_per_token, perToken);
  });
}

/** Logs print hundredths of a GiB, and GPUs of a kind differ by some. */
const LOGGED_GIB = 0.3;

for (const { id, scenario, kv_gib, loaded_gib } of logs) {
  Deno.test(`${id} leaves the cache as much as it logged`, () => {
    const { serve, memory } = estimateServed(scenario);
    const pool = (serve?.kv_pool_bytes ?? 0) / GIB;
    assert(Math.abs(pool - kv_gib) < LOGGED_GIB, `${pool} of ${kv_gib}`);
    if (loaded_gib === undefined) return;
    const tables = memory.parts.find(({ name }) => name === "rotary tables");
    const loaded = (serve?.weights_bytes ?? 0) + (tables?.bytes ?? 0);
    assert(Math.abs(loaded / GIB / loaded_gib - 1) < TOLERANCE, `${loaded}`);
  });
}

Deno.test("gpt-oss-120b in Marlin's layout loads as vLLM logged it: 65.97 GiB", () => {
  const { memory, serve } = estimateServed(
    onVllm("A100-80GB", {}, {
      model: "openai/gpt-oss-120b",
      quantization: { weights: "mxfp4" },
    }),
  );
  const tables = memory.parts.find(({ name }) => name === "rotary tables");
  const loaded = (serve?.weights_bytes ?? 0) + (tables?.bytes ?? 0);
  assert(Math.abs(loaded / (65.9651 * GIB) - 1) < 0.001, `${loaded / GIB}`);
});
