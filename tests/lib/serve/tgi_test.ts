import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { tryEstimate } from "../../../lib/mod.ts";
import { assertOk } from "../results.ts";

function answer(serve: object, rest: object = {}) {
  const result = tryEstimate({
    model: "meta-llama/Llama-3.1-8B",
    task: "serve",
    hardware: { gpu: "RTX 4090" },
    ...rest,
    serve: { engine: "tgi", ...serve },
  });
  assertOk(result);
  const { serve: serving, assumptions, warnings, fit } = result.value;
  assert(serving);
  const missing = -(fit[0]?.headroom_bytes ?? 0);
  return { serving, assumptions, warnings, missing };
}

const H100S = {
  model: "meta-llama/Llama-3.1-70B-Instruct",
  hardware: { gpu: "H100-80GB" },
  parallel: { gpus: 4, tp: 4 },
};

Deno.test("A prefill has as many tokens as the board computes in a second", () => {
  // launcher/src/main.rs: 82 TFLOPS over 2 × layers × (4.5 attention + 3 MLP).
  const attention = 2 * 128 * 4096 * (32 + 8 + 8 + 32 + 32);
  const operations = 32 * (attention + 2 * 3 * 4096 * 14336);
  assertEquals(
    answer({}).serving.settings["max_batch_prefill_tokens"],
    Math.trunc(82e12 / operations),
  );
});

Deno.test("Blocks are of one token with FlashInfer, of 256 without, and of 16 on a P40", () => {
  const block = (model: string, gpu = "RTX 4090") =>
    answer({}, { model, hardware: { gpu } }).serving.settings["block_size"];
  assertEquals(block("meta-llama/Llama-3.2-1B"), 1);
  assertEquals(block("microsoft/phi-2"), 256);
  assertEquals(block("microsoft/phi-2", "P40"), 16);
});

Deno.test("Blocks fill 90 % of the memory, the prefill's activations left out", () => {
  const { serving } = answer({ max_batched_tokens: 4096 });
  const { outside_bytes, weights_bytes, compute_bytes } = serving;
  const left = 0.9 * 25249710080 - outside_bytes - weights_bytes -
    compute_bytes;
  assertEquals(serving.kv_tokens, Math.floor(left / 131072));
  assertEquals(serving.kv_pool_bytes, (serving.kv_tokens ?? 0) * 131072);
});

Deno.test("A prefill that does not fit is refused in TGI's words", () => {
  const { serving, missing } = answer({ max_batched_tokens: 100_000 });
  assert(missing > 2 ** 30);
  assertEquals(serving.starts, false);
  assertEquals(
    serving.refusal,
    "Not enough memory to handle 100000 prefill tokens. You need to decrease `--max-batch-prefill-tokens`",
  );
});

Deno.test("A longest sequence that does not fit is refused in TGI's words", () => {
  const { serving, missing } = answer({ max_model_len: 100_000 });
  const { kv_tokens } = answer({}).serving;
  assertEquals(missing, (100_000 - (kv_tokens ?? 0)) * 131_072);
  assertEquals(
    serving.refusal,
    "Not enough memory to handle `max_total_tokens=100000`",
  );
});

Deno.test("What releases before 3.0 needed for logits of every token is said", () => {
  const { assumptions, warnings } = answer(
    { max_batched_tokens: 131_122 },
    H100S,
  );
  assertEquals(warnings, []);
  // 131122 × 128256 × 2 B, twice.
  assertStringIncludes(
    assumptions.join("\n"),
    "TGI before 3.0 needs 62.65 GiB more while it warms up",
  );
});

Deno.test("Fewer key and value heads than ranks are refused", () => {
  const result = tryEstimate({
    model: "Qwen/Qwen2.5-7B",
    task: "serve",
    serve: { engine: "tgi" },
    parallel: { gpus: 7, tp: 7 },
  });
  assert(!result.ok);
  assertEquals(
    result.problems[0]?.message,
    "parallel.tp must be at most the model's 4 key and value heads with tgi: current value is 7",
  );
});
