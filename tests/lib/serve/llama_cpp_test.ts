import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { tryEstimate } from "../../../lib/mod.ts";
import { sure } from "../../../lib/serve/llama_cpp/ggml/sure.ts";
import type { DeviceShare, Estimate } from "../../../lib/mod.ts";
import { assertOk } from "../results.ts";
import truth from "../../truth/serving/llama_cpp.json" with { type: "json" };
import doubts from "../../truth/serving/llama_cpp_doubts.json" with {
  type: "json",
};

/** What llama.cpp 0.5.0 printed: bytes of each GPU, and of the host. */
interface Case {
  readonly model: string;
  readonly format: string;
  readonly serve: Readonly<Record<string, unknown>>;
  readonly gpus?: number;
  readonly weights: readonly number[];
  readonly kv: readonly number[];
  readonly compute: readonly number[];
}

const { usual, models } = truth;
// The file's own type is a union of every shape in it.
const CASES = truth.cases as unknown as readonly Case[];
const DOUBTS: Readonly<Record<string, number>> = doubts;

function scenarioOf({ model, format, serve, gpus }: Case) {
  const named = models as Readonly<Record<string, unknown>>;
  return {
    model: named[model] ?? model,
    task: "serve",
    serve: { ...usual, ...serve },
    ...(format === "fp16"
      ? { precision: { weights: format } }
      : { quantization: { weights: format } }),
    parallel: { gpus: gpus ?? 1 },
  };
}

function estimate(scenario: object): Estimate {
  const result = tryEstimate(scenario);
  assertOk(result);
  return result.value;
}

function devicesOf(scenario: object): readonly DeviceShare[] {
  const { serve } = estimate(scenario);
  assert(serve !== undefined);
  return serve.devices;
}

function nameOf({ model, format, serve, gpus }: Case): string {
  return `${model} ${format} ${JSON.stringify(serve)} on ${gpus ?? 1}`;
}

/** The largest error of some figures against what was printed. */
function worst(got: readonly number[], wanted: readonly number[]): number {
  return Math.max(
    ...wanted.map((want, at) =>
      want === 0 ? Math.abs(got[at] ?? 1) : Math.abs((got[at] ?? 0) / want - 1)
    ),
  );
}

/** Holds a figure to the byte, or to the error that it is known to have. */
function hold(
  name: string,
  got: readonly number[],
  wanted: readonly number[],
): void {
  const error = worst(got, wanted);
  const doubt = DOUBTS[name] ?? 0;
  assert(
    error <= doubt + 1e-4,
    `${name}: ${got.join()} is off by ${error}, printed was ${wanted.join()}`,
  );
  assert(
    doubt === 0 || error > doubt - 1e-3,
    `${name}: the error of ${error} is smaller than the doubt of ${doubt}`,
  );
  if (doubt === 0) assertEquals(got, wanted, name);
}

for (const model of new Set(CASES.map(({ model }) => model))) {
  Deno.test(`${model} takes what llama.cpp printed`, () => {
    for (const one of CASES.filter((each) => each.model === model)) {
      const devices = devicesOf(scenarioOf(one));
      const gpus = devices.length - 1;
      const name = nameOf(one);
      hold(
        `weights of ${name}`,
        devices.map(({ weights_bytes }) => weights_bytes),
        one.weights,
      );
      hold(
        `caches of ${name}`,
        devices.slice(0, gpus).map(({ kv_bytes, state_bytes }) =>
          kv_bytes + state_bytes
        ),
        one.kv.slice(0, gpus),
      );
      hold(
        `compute of ${name}`,
        devices.slice(0, gpus).map(({ compute_bytes }) => compute_bytes),
        one.compute.slice(0, gpus),
      );
    }
  });
}

Deno.test("Every doubt is of a case", () => {
  const names = new Set(
    CASES.flatMap((one) =>
      ["weights", "caches", "compute"].map((of) => `${of} of ${nameOf(one)}`)
    ),
  );
  for (const name of Object.keys(DOUBTS)) assert(names.has(name), name);
});

const LLAMA = {
  model: "meta-llama/Llama-3.1-8B",
  task: "serve",
  quantization: { weights: "gguf:Q4_K_M" },
  hardware: { gpu: "RTX 4090" },
};

const on = (serve: object, rest: object = {}) => ({
  ...LLAMA,
  ...rest,
  serve: { engine: "llama.cpp", ...serve },
});

function served(serve: object, rest: object = {}) {
  const { serve: figures, kv } = estimate(on(serve, rest));
  assert(figures !== undefined && kv !== undefined);
  return { ...figures, kv };
}

Deno.test("llama-server has four slots that share a context of the scenario's length", () => {
  const { settings, kv_tokens } = served({ input_tokens: 4000 });
  assertEquals(settings["n_seq_max"], 4);
  assertEquals(settings["kv_unified"], true);
  assertEquals(settings["n_outputs_max"], 4);
  assertEquals(kv_tokens, 4352);
});

Deno.test("A longest sequence and a number of them make llama-server's context", () => {
  const one = served({ max_model_len: 8192 });
  assertEquals([one.kv_tokens, one.settings["n_seq_max"]], [8192, 4]);
  const eight = served({ max_model_len: 8192, max_sequences: 8 });
  assertEquals(eight.settings["n_ctx_seq"], 8192);
  assertEquals([eight.kv_tokens, eight.settings["n_seq_max"]], [65_536, 8]);
  assertEquals(
    served({ max_model_len: 8192, cache_tokens: 4096, slots: 2 }).kv_tokens,
    4096,
  );
});

Deno.test("Keys and values have a type each", () => {
  const both = served({ kv_dtype: { k: "q8_0", v: "q4_0" } });
  const keys = served({ kv_dtype: "q8_0" });
  const values = served({ kv_dtype: "q4_0" });
  assertEquals(
    2 * both.kv.bytes,
    keys.kv.bytes + values.kv.bytes,
  );
});

Deno.test("Heads that blocks do not divide are refused as llama.cpp does", () => {
  const { starts, refusal } = served(
    { kv_dtype: "q8_0" },
    {
      model: {
        config: { ...PHI_2, hidden_size: 2544, num_attention_heads: 32 },
      },
    },
  );
  assertEquals(starts, false);
  assertStringIncludes(
    refusal ?? "",
    "K cache type q8_0 with block size 32 does not divide n_embd_head_k=79",
  );
});

const PHI_2 = {
  model_type: "phi",
  vocab_size: 51200,
  intermediate_size: 10240,
  num_hidden_layers: 4,
};

Deno.test("Quantised values need flash attention", () => {
  const { starts, refusal } = served({
    kv_dtype: { k: "f16", v: "q8_0" },
    flash_attention: "off",
  });
  assertEquals(starts, false);
  assertEquals(refusal, "quantized V cache requires flash_attn to be enabled");
});

Deno.test("A type that llama.cpp does not keep is named with those that it does", () => {
  const result = tryEstimate(on({ kv_dtype: "fp8" }));
  assert(!result.ok);
  assertStringIncludes(result.problems[0]?.message ?? "", "q8_0");
  assertEquals(result.problems[0]?.path, "serve.kv_dtype");
});

Deno.test("What does not fit is refused at the buffer that is too large", () => {
  const large = { model: "meta-llama/Llama-3.3-70B-Instruct" };
  const { starts, refusal } = served({}, large);
  assertEquals(starts, false);
  assertStringIncludes(refusal ?? "", "unable to allocate CUDA0 buffer");
  const long = served({ input_tokens: 200_000 });
  assertStringIncludes(
    long.refusal ?? "",
    "failed to allocate buffer for kv cache",
  );
});

Deno.test("A 70B model in Q4_K_M starts on two cards of 24 GB", () => {
  const { starts, devices } = served({ input_tokens: 8000 }, {
    model: "meta-llama/Llama-3.3-70B-Instruct",
    parallel: { gpus: 2 },
  });
  assertEquals(starts, true);
  assertEquals(devices.map(({ device }) => device), ["GPU 0", "GPU 1", "host"]);
});

Deno.test("Unlike cards take layers by their memory, or as they are told", () => {
  const unlike = {
    parallel: { gpus: 2 },
    hardware: { gpus: ["RTX 4090", "RTX 3060"] },
  };
  const { devices: [first, second] } = served({}, unlike);
  assert(sure(first).weights_bytes > 1.5 * sure(second).weights_bytes);
  const { devices: [less, more] } = served({ tensor_split: [1, 3] }, unlike);
  assert(sure(more).weights_bytes > 2 * sure(less).weights_bytes);
});

Deno.test("Experts left to the host leave the GPU", () => {
  const experts = { model: "Qwen/Qwen3-30B-A3B" };
  const all = served({}, experts);
  const some = served({ cpu_moe_layers: 24 }, experts);
  const host = ({ devices }: typeof all) => sure(devices[devices.length - 1]);
  assert(some.weights_bytes < 0.6 * all.weights_bytes);
  assert(host(some).weights_bytes > 0.4 * all.weights_bytes);
  // What one layer's experts take is copied to the GPU for a prompt.
  assert(some.compute_bytes > all.compute_bytes);
});

Deno.test("A draft adds its weights, its cache and its buffer", () => {
  const alone = served({});
  const drafted = served({ draft_model: "meta-llama/Llama-3.2-1B" });
  assert(drafted.weights_bytes > alone.weights_bytes + 5e8);
  assert(drafted.kv.bytes > alone.kv.bytes);
});

Deno.test("As many tokens fit as are said to, and no block more", () => {
  const { kv } = served({});
  const tokens = sure(kv.max_tokens);
  const { starts } = served({ cache_tokens: tokens });
  assertEquals(starts, true);
  const more = served({ cache_tokens: Math.ceil(1.002 * tokens) });
  assertEquals(more.starts, false);
});

Deno.test("A type that no graph is known of is like Llama's, and says so", () => {
  const { warnings } = estimate(on({}, {
    model: {
      dims: {
        layers: 4,
        hidden_size: 512,
        attention_heads: 8,
        kv_heads: 8,
        intermediate_size: 2048,
        vocab_size: 32000,
      },
    },
  }));
  assert(warnings.some((each) => each.includes("a graph like Llama's")));
});
