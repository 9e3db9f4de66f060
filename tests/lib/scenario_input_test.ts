import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { leavesOf, parseScenario, putAt } from "../../lib/mod.ts";
import { assertOk } from "./results.ts";

function withField(path: string, value: unknown): Record<string, unknown> {
  const input: Record<string, unknown> = { model: "llama2-7b" };
  putAt(input, path, value);
  return input;
}

/** What a person types, and the value it stands for. */
const TYPED: [path: string, text: unknown, value: unknown][] = [
  ["train.micro_batch", "4", 4],
  ["train.micro_batch", " 4 ", 4],
  ["train.gradient_accumulation", "1e3", 1_000],
  ["train.sequence_length", "4k", 4_096],
  ["train.sequence_length", "128K", 131_072],
  ["train.lora.rank", "64", 64],
  ["train.lora.alpha", "0.5", 0.5],
  ["train.lora.trainable_parameters", "41.9M", 41_900_000],
  ["train.lora.targets", "q_proj,v_proj", ["q_proj", "v_proj"]],
  ["train.lora.targets", "q_proj v_proj", ["q_proj", "v_proj"]],
  ["train.lora.targets", "q_proj", ["q_proj"]],
  ["train.lora.targets", "all-linear", "all-linear"],
  ["train.lora.targets", "default", "default"],
  ["train.lora.modules_to_save", "lm_head, embed_tokens", [
    "lm_head",
    "embed_tokens",
  ]],
  ["train.lora.modules_to_save", ",", []],
  ["train.trainable", "lm_head,projector", ["lm_head", "projector"]],
  ["train.trainable", "all", "all"],
  ["train.image_size", "336x448", [336, 448]],
  ["train.image_size", "336×448", [336, 448]],
  ["train.image_size", "336,448", [336, 448]],
  ["train.image_size", ["336", 448], [336, 448]],
  ["train.padding_mask", "on", true],
  ["train.padding_mask", "TRUE", true],
  ["train.padding_mask", "yes", true],
  ["train.padding_mask", "1", true],
  ["train.padding_mask", "off", false],
  ["train.padding_mask", "0", false],
  ["quantization.kbit_upcast", "false", false],
  ["quantization.kbit_upcast", "no", false],
  ["quantization.group_size", "-1", -1],
  ["optimizer.bits", "8", 8],
  ["parallel.gpus", "1,024", 1_024],
  ["serve.input_tokens", "8k", 8_192],
  ["serve.output_tokens", "0", 0],
  ["serve.cache_tokens", "32k", 32_768],
  ["serve.memory_utilization", "0.85", 0.85],
  ["hardware.gpu.memory_gib", "79.3GiB", 79.3],
  ["hardware.gpu.memory_gib", "80GB", 80e9 / 2 ** 30],
  ["hardware.gpu.memory_gib", "24", 24],
  ["hardware.gpu", " RTX 4090 ", "RTX 4090"],
  ["software.torch", "2.6.0+cu124", "2.6.0+cu124"],
  ["overheads.other_gib", "512 MiB", 0.5],
  ["factors.mlp_act_factor", "4.5", 4.5],
  ["factors.fragmentation_gib", "2048MiB", 2],
  ["factors.kv_cache", "on", true],
  ["factors.vision_hidden", "1152", 1_152],
  ["quantization.weights", "gguf:Q4_K_M", "gguf:Q4_K_M"],
  ["quantization.weights", "gguf:IQ2_XXS", "gguf:IQ2_XXS"],
  ["quantization.weights", "nf4-dq", "nf4-dq"],
];

for (const [path, text, value] of TYPED) {
  Deno.test(`parseScenario() reads ${path} = ${JSON.stringify(text)}`, () => {
    const result = parseScenario(withField(path, text));
    assertOk(result);
    const leaf = leavesOf(result.value).find((leaf) => leaf.path === path);
    assertEquals(leaf?.value, value);
  });
}

/** What no field takes, and what the message has to say of it. */
const REFUSED: [path: string, value: unknown, message: string][] = [
  ["task", "eval", 'must be one of train, serve: current value is "eval"'],
  ["train", "full", 'must be an object: current value is "full"'],
  ["train", null, "must be an object: current value is null"],
  ["train.method", "dpo", "must be one of full, lora, qlora"],
  ["train.micro_batch", 0, "must be at least 1: current value is 0"],
  ["train.micro_batch", -3, "must be at least 1: current value is -3"],
  ["train.micro_batch", 1.5, "must be a whole number: current value is 1.5"],
  ["train.micro_batch", "1.5", 'a whole number: current value is "1.5"'],
  ["train.micro_batch", "two", 'must be a number: current value is "two"'],
  ["train.micro_batch", "", 'must be a number: current value is ""'],
  ["train.micro_batch", null, "must be a number: current value is null"],
  ["train.micro_batch", [1], "must be a number: current value is [1]"],
  ["train.micro_batch", true, "must be a number: current value is true"],
  ["train.micro_batch", 1_048_577, "must be at most 1048576"],
  ["train.sequence_length", "1024M", "must be at most 268435456"],
  ["train.sequence_length", "4kb", 'must be a number: current value is "4kb"'],
  ["train.lora", [], "must be an object: current value is []"],
  ["train.lora.rank", 65_537, "must be at most 65536: current value is 65537"],
  ["train.lora.alpha", " ", 'must be a number: current value is " "'],
  ["train.lora.alpha", "x", 'must be a number: current value is "x"'],
  ["train.lora.alpha", Infinity, "current value is Infinity"],
  ["train.lora.dropout", 1.1, "must be at most 1: current value is 1.1"],
  ["train.lora.dropout", -0.1, "must be at least 0: current value is -0.1"],
  ["train.lora.adapter_dtype", "fp8", "must be one of fp32, bf16, fp16"],
  ["train.lora.targets", [], "must not be empty: current value is []"],
  ["train.lora.targets", 5, "default, all-linear or a list"],
  ["train.lora.targets.0", "a b", "must not hold spaces"],
  ["train.trainable", ["head"], "language_model, vision_tower, projector"],
  ["train.padding_mask", "maybe", 'true or false: current value is "maybe"'],
  ["train.padding_mask", 1, "must be true or false: current value is 1"],
  ["train.image_size.0", 0, "must be at least 1: current value is 0"],
  ["precision.weights", "int8", "must be one of fp32, bf16, fp16"],
  ["precision.weights", null, "current value is null"],
  ["precision.gradients", "bf16", "must be one of fp32"],
  ["quantization.weights", "int5", "gguf:TYPE such as gguf:Q4_K_M"],
  ["quantization.weights", "gguf:q4", 'current value is "gguf:q4"'],
  ["quantization.weights", "gguf:", 'current value is "gguf:"'],
  ["quantization.weights", 4, "must be a name: current value is 4"],
  ["quantization.group_size", -2, "must be at least -1: current value is -2"],
  ["optimizer.name", "adamx", 'current value is "adamx"'],
  ["optimizer.bits", 16, "must be one of 32, 8, 4: current value is 16"],
  ["optimizer.bits", "", "must be one of 32, 8, 4"],
  ["parallel.tp", 0, "must be at least 1: current value is 0"],
  ["engine.zero_stage", 4, "must be at most 3: current value is 4"],
  ["engine.name", "zero", "auto, single, ddp, deepspeed"],
  ["serve.memory_utilization", 1.01, "must be at most 1"],
  ["serve.kv_dtype", "fp4", "must be one of auto, fp32"],
  ["hardware.gpu", "", "must not be empty"],
  ["hardware.gpu", 80, "must be a name: current value is 80"],
  ["hardware.gpu", null, "current value is null"],
  ["hardware.gpu", "A100,H100", "must not hold commas"],
  ["hardware.gpu", "x".repeat(201), "must be at most 200 characters"],
  ["hardware.gpu.memory_gib", 0, "must be at least 0.1: current value is 0"],
  ["hardware.gpu.memory_gib", "80 apples", "must be a number"],
  ["train.mlp_tiles", "x", "must be auto or a number: current value"],
  [
    "train.trainable_parameters",
    "(",
    "a regular expression that compiles: it lacks a )",
  ],
  ["software.max_split_size_mb", 20, "must be at least 21"],
  ["software.torch", "a b", "must be a version such as 4.48.1"],
  ["software.transformers", "newest", "must be a version such as 4.48.1"],
  ["software.trl", "4", "must be a version such as 4.48.1"],
  ["software.torch", 2.4, "must be a name: current value is 2.4"],
  ["overheads.other_gib", -1, "must be at least 0: current value is -1"],
  ["overheads.other_gib", NaN, "current value is NaN"],
  ["method", "magic", "timeline, factors, engine-formulas"],
  ["factors.fused_loss_factor", 2, "must be at most 1: current value is 2"],
];

for (const [path, value, message] of REFUSED) {
  const name = typeof value === "number" ? `${value}` : JSON.stringify(value);
  Deno.test(`parseScenario() refuses ${path} = ${name.slice(0, 40)}`, () => {
    const input = path.endsWith(".0")
      ? withField(path.slice(0, -2), [value, value])
      : withField(path, value);
    const result = parseScenario(input);
    assert(!result.ok);
    const problem = result.problems[0];
    assertEquals(problem?.path, path);
    assertStringIncludes(problem?.message ?? "", `${path} `);
    assertStringIncludes(problem?.message ?? "", message);
  });
}

Deno.test("parseScenario() refuses what is no object at all", () => {
  for (const input of [null, undefined, 7, "llama2-7b", [], true]) {
    const result = parseScenario(input);
    assert(!result.ok);
    assertEquals(result.problems.map(({ path }) => path), [""]);
    assertStringIncludes(result.problems[0]?.message ?? "", "an object");
  }
});

Deno.test("parseScenario() repeats no more than the start of a long value", () => {
  const result = parseScenario(withField("task", "x".repeat(100_000)));
  assert(!result.ok);
  assert((result.problems[0]?.message.length ?? 0) < 200);
});

Deno.test("a list of names may be a text in JSON, which is no pattern", () => {
  const targets = (text: string): unknown => {
    const parsed = parseScenario({
      model: "gpt2",
      train: { method: "lora", lora: { targets: text } },
    });
    return parsed.ok && parsed.value.train.lora.targets;
  };
  assertEquals(targets('["c_attn", "c_proj"]'), ["c_attn", "c_proj"]);
  assertEquals(targets("c_attn, c_proj"), ["c_attn", "c_proj"]);
  assertEquals(targets("[a-c_]+attn"), "[a-c_]+attn");
  assertEquals(targets('["c]_attn'), '["c]_attn');
});

Deno.test("a prompt and its completion are the sequence where no other length is given", () => {
  const lengthOf = (train: Record<string, unknown>) => {
    const parsed = parseScenario({ model: "llama2-7b", train });
    assertOk(parsed);
    return parsed.value.train.sequence_length;
  };
  const lengths = { prompt_tokens: 512, completion_tokens: 1_024 };
  assertEquals(lengthOf({ objective: "grpo", ...lengths }), 1_536);
  assertEquals(lengthOf({ objective: "dpo", prompt_tokens: 512 }), 2_048);
  assertEquals(lengthOf(lengths), 2_048);
  assertEquals(
    lengthOf({ objective: "dpo", ...lengths, sequence_length: 1_000 }),
    1_000,
  );
});

Deno.test("of a pair the longer completion decides how long the sequence is", () => {
  const lengthOf = (objective: string, rejected_tokens: number) => {
    const lengths = { prompt_tokens: 512, completion_tokens: 512 };
    const train = { objective, ...lengths, rejected_tokens };
    const parsed = parseScenario({ model: "llama2-7b", train });
    assertOk(parsed);
    return parsed.value.train.sequence_length;
  };
  assertEquals(lengthOf("dpo", 2_048), 2_560);
  assertEquals(lengthOf("dpo", 100), 1_024);
  // Nothing else has rejected completions of their own length.
  assertEquals(lengthOf("orpo", 2_048), 1_024);
});

Deno.test("a tag of ollama's library stands for the library's file where llama.cpp serves", () => {
  const weightsOf = (model: string, rest: Record<string, unknown>) => {
    const parsed = parseScenario({ model, ...rest });
    assertOk(parsed);
    return parsed.value.quantization.weights;
  };
  const served = { task: "serve", serve: { engine: "llama.cpp" } };
  assertEquals(weightsOf("llama3.1:8b", served), "gguf:Q4_K_M");
  assertEquals(weightsOf("llama3.1:8b", { task: "serve" }), null);
  assertEquals(weightsOf("llama3.1:8b", {}), "none");
  assertEquals(weightsOf("llama3.1:8b-instruct-fp16", served), null);
  assertEquals(weightsOf("gpt-oss:20b", served), null);
  assertEquals(weightsOf("meta-llama/Llama-3.1-8B", served), null);
});
