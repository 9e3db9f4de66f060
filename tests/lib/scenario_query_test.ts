import { assertEquals, assertMatch } from "@std/assert";
import fc from "../npm/fast-check.ts";
import {
  DEFAULT_SCENARIO,
  FIELDS as DEFINED,
  fromQuery,
  leavesOf,
  parseScenario,
  QUANTIZATIONS,
  toQuery,
} from "../../lib/mod.ts";
import type { Scenario } from "../../lib/mod.ts";
import { OPTIMIZERS } from "../../lib/scenario/optimizers.ts";
import { besideFields, dims, or, real, text, whole } from "./arbitraries.ts";
import type { Any } from "./arbitraries.ts";
import { assertOk } from "./results.ts";
import { anotherValue } from "./another_value.ts";
import { METHOD_NAMES } from "../../lib/scenario/methods.ts";

const flag = fc.boolean();
const floats = fc.constantFrom("fp32", "bf16", "fp16");
const offload = fc.constantFrom("none", "cpu", "nvme");
const AWKWARD = "aZ09&=+%#?;:@/\\|~^*()'\"<>.-_$!ßé模型😀";
const module = text(AWKWARD, 12)
  .filter((name) => /^[^\s,\p{Cc}\\^$*+?()[\]{}|]+$/u.test(name));
const modelName = text(`${AWKWARD} ,`, 20)
  .filter((name) => name.trim() !== "" && !/[\p{Cc}{}]/u.test(name));
const gpuName = text(`${AWKWARD} `, 20)
  .filter((name) => name.trim() !== "" && !/[\p{Cc},]/u.test(name));
const modules = (minLength: number): Any =>
  fc.array(module, { minLength, maxLength: 4 });
const PACKAGES = "transformers torch peft trl bitsandbytes accelerate"
  .split(" ");
const version = or(null, fc.stringMatching(/^\d{1,9}\.\d[\w.+!-]{0,20}$/));

const config = fc.dictionary(fc.string(), fc.jsonValue())
  .map((value): unknown => JSON.parse(JSON.stringify(value)));

const FIELDS: Record<string, Record<string, Any>> = {
  train: {
    method: fc.constantFrom("full", "lora", "qlora"),
    trainable: fc.constantFrom("all", ["lm_head"], ["projector", "lm_head"]),
    lora: fc.record({
      rank: whole(1, 65_536),
      alpha: real(0, 1e6),
      dropout: real(0, 1),
      targets: fc.oneof(
        fc.constantFrom("default", "all-linear", ["default"], ["all-linear"]),
        modules(1),
      ),
      adapter_dtype: floats,
      dora: flag,
      rslora: flag,
      bias: fc.constantFrom("none", "all", "lora_only"),
      target_parameters: modules(0),
      modules_to_save: modules(0),
      trainable_parameters: or(null, whole(1, 1e15)),
    }),
    micro_batch: whole(1, 1 << 20),
    sequence_length: whole(1, 1 << 28),
    target_length: or(null, whole(1, 1 << 28)),
    gradient_accumulation: whole(1, 1 << 20),
    padding_mask: flag,
    attention: fc.constantFrom("flash", "sdpa", "eager"),
    selective: or(null, fc.oneof(fc.constant("op"), whole(1, 10_000))),
    checkpointing: fc.constantFrom("none", "selective", "full"),
    checkpoint_offload: flag,
    activation_offloading: fc.constantFrom("none", "streams", "sync"),
    mlp_tiles: fc.constantFrom(null, "auto", 4),
    empty_cache_steps: or(null, whole(1, 1 << 30)),
    use_reentrant: fc.constantFrom(null, true, false),
    trainable_layers: fc.constantFrom(null, 2, -2),
    trainable_parameters: fc.constantFrom(null, "lm_head\\..*"),
    loss: fc.constantFrom("full", "fused", "chunked"),
    kernels: fc.constantFrom("eager", "liger", "compile"),
    images_per_sample: whole(0, 65_536),
    image_size: fc.tuple(whole(1, 65_536), whole(1, 65_536)),
    video_frames: whole(0, 65_536),
    image_min_pixels: or(null, whole(1, 1 << 20)),
    image_max_pixels: or(null, whole(1, 1 << 30)),
    objective: fc.constantFrom(null, "sft", "dpo", "grpo", "distillation"),
    reference: fc.constantFrom(null, "none", "copy", "adapter-off"),
    prompt_tokens: or(null, whole(0, 1 << 20)),
    completion_tokens: or(null, whole(1, 1 << 20)),
    rejected_tokens: or(null, whole(1, 1 << 20)),
    generations: or(null, whole(1, 1 << 10)),
    rollout: fc.record({
      engine: fc.constantFrom(null, "transformers", "vllm", "external"),
      steps_per_generation: or(null, whole(1, 1 << 10)),
      iterations: whole(1, 1 << 10),
      memory_utilization: fc.constantFrom(null, 0.5),
      sleep: or(null, flag),
      importance_sampling: or(null, flag),
    }),
    evaluation: fc.record({
      micro_batch: or(null, whole(1, 1 << 10)),
      sequence_length: or(null, whole(1, 1 << 20)),
      kept_batches: whole(0, 1 << 10),
    }),
    loss_type: fc.constantFrom(null, "apo_zero_unpaired", "generalized_jsd"),
    ...besideFields,
  },
  precision: {
    weights: floats,
    frozen: fc.constantFrom(null, "bf16", "fp32"),
    autocast: fc.constantFrom(null, "bf16", "fp16"),
    gradients: fc.constantFrom(null, "fp32"),
    master_weights: fc.constantFrom(null, "fp32", "none"),
    optimizer_states: fc.constantFrom(null, "fp32", "bf16"),
    fp8: fc.constantFrom(null, "tensorwise", "rowwise", "delayed"),
    fp8_parameters: flag,
  },
  quantization: {
    weights: fc.constantFrom(...QUANTIZATIONS, "gguf:Q4_K_M", "gguf:F16"),
    group_size: whole(-1, 65_536),
    qat: fc.constantFrom(null, "int8-int4", "int4"),
    skip_modules: modules(0),
    experts: flag,
    kbit_upcast: flag,
  },
  optimizer: {
    name: fc.constantFrom(...OPTIMIZERS),
    implementation: fc.constantFrom("auto", "foreach", "fused", "for-loop"),
    bits: fc.constantFrom(32, 8, 4),
    rank: or(null, whole(1, 65_536)),
    paged: flag,
    in_backward: flag,
  },
  parallel: {
    gpus: whole(1, 1 << 20),
    gpus_per_node: whole(1, 65_536),
    tp: whole(1, 1 << 20),
    pp: whole(1, 1 << 20),
    cp: whole(1, 1 << 20),
    ep: whole(1, 1 << 20),
    sequence_parallel: flag,
    virtual_pipeline: whole(1, 10_000),
    microbatches: or(null, whole(1, 1 << 20)),
  },
  engine: {
    name: fc.constantFrom("auto", "single", "ddp", "deepspeed", "fsdp"),
    zero_stage: whole(0, 3),
    sharding: fc.constantFrom("full", "grad_op", "hybrid", "none"),
    offload_optimizer: offload,
    offload_parameters: offload,
    distributed_optimizer: flag,
  },
  serve: {
    engine: fc.constantFrom("transformers", "vllm", "llama.cpp"),
    batch: whole(1, 1 << 20),
    input_tokens: whole(1, 1 << 28),
    output_tokens: whole(0, 1 << 28),
    kv_cache: flag,
    kv_dtype: fc.constantFrom("auto", "fp8", "q8_0", "iq4_nl", {
      k: "q8_0",
      v: "q4_0",
    }),
    cache_tokens: or(null, whole(1, 1 << 28)),
    memory_utilization: real(0.01, 1),
    max_batched_tokens: or(null, whole(1, 1 << 28)),
    max_sequences: or(null, whole(1, 1 << 20)),
  },
  hardware: {
    gpu: fc.oneof(gpuName, fc.record({ memory_gib: real(0.1, 65_536) })),
  },
  software: {
    model_code: fc.constantFrom("transformers", "torchtitan", "gpt-fast"),
    mixer_kernels: fc.constantFrom("packages", "torch"),
    ...Object.fromEntries(PACKAGES.map((name) => [name, version])),
    expandable_segments: or(null, flag),
    max_split_size_mb: or(null, whole(21, 1 << 24)),
  },
  overheads: {
    cuda_context_gib: or(null, real(0, 1 << 20)),
    communication_gib: or(null, real(0, 1 << 20)),
    other_gib: real(0, 1 << 20),
  },
  factors: {
    attn_act_factor_no_fa: real(0, 1_000),
    attn_act_factor_fa: real(0, 1_000),
    mlp_act_factor: real(0, 1_000),
    logits_factor: real(0, 1_000),
    fused_loss_factor: real(0, 1),
    grad_ckpt_reduction: real(0, 1),
    cuda_libs_gib: real(0, 1 << 20),
    misc_overhead_gib: real(0, 1 << 20),
    fragmentation_gib: real(0, 1 << 20),
    deepspeed_overhead_gib: or(null, real(0, 1 << 20)),
    transient_gib_per_sequence: real(0, 1 << 20),
    kv_cache: flag,
    vision_hidden: or(null, whole(1, 1_048_576)),
    vision_layers: or(null, whole(1, 10_000)),
    vision_patch: or(null, whole(1, 4_096)),
  },
  engine_formulas: {
    checkpointing_level: or(null, whole(0, 4)),
    largest_layer_parameters: or(null, whole(1, 1e12)),
  },
  multipliers: {
    gradient_checkpointing: real(0, 1),
    inference_activations: real(0, 1),
  },
  rule_of_thumb: { count: fc.constantFrom("tensors", "dimensions") },
};

// What is not modelled, and what one engine alone has, has a value of its kind.
for (const { path, awaited } of DEFINED) {
  const [section = "", key = "", inner] = path.split(".");
  const isOfAnEngine =
    ["engine", "parallel", "serve", "hardware"].includes(section) &&
    FIELDS[section]?.[key] === undefined;
  if (awaited !== true && !isOfAnEngine) continue;
  if (path.startsWith("serve.kv_dtype.")) continue;
  const values = or(null, fc.constant(anotherValue(path, null)));
  const fields = FIELDS[section] ??= {};
  if (inner === undefined) fields[key] = values;
  else {
    fields[key] = fc.tuple(fields[key] ?? fc.constant({}), values)
      .map(([others, value]) => ({ ...others as object, [inner]: value }));
  }
}

const sections: Record<string, Any> = Object.fromEntries(
  Object.entries(FIELDS).map(([name, fields]) => [
    name,
    fc.oneof(fc.record(fields), fc.record(fields, { requiredKeys: [] })),
  ]),
);
const scenarios = fc.record({
  model: fc.oneof(modelName, fc.record({ dims }), fc.record({ config })),
  task: fc.constantFrom("train", "serve"),
  method: fc.constantFrom(...METHOD_NAMES),
  ...sections,
}, { requiredKeys: ["model"] });

function parsed(input: unknown): Scenario {
  const result = parseScenario(input);
  assertOk(result);
  return result.value;
}

Deno.test("toQuery() is tried on every field of a Scenario", () => {
  const [widest] = fc.sample(
    fc.record(Object.fromEntries(
      Object.entries(FIELDS).map(([name, fields]) => [name, fc.record(fields)]),
    )),
    1,
  );
  const paths = leavesOf({ ...widest, model: "", task: "", method: "" })
    .map(({ path }) =>
      path.replace(/(?<=gpu)\.memory_gib$|(?<=kv_dtype)\.k$/, "")
    ).filter((path) => path !== "serve.kv_dtype.v");
  const fields = leavesOf(DEFAULT_SCENARIO).map(({ path }) => path);
  assertEquals(paths.sort(), fields.sort());
});

Deno.test("fromQuery() gives back every Scenario that toQuery() wrote", () => {
  fc.assert(
    fc.property(scenarios, (input) => {
      const scenario = parsed(input);
      const query = toQuery(scenario);
      assertEquals(toQuery(scenario), query);
      const back = parsed(fromQuery(new URLSearchParams(query)));
      assertEquals(back, scenario);
      assertEquals(toQuery(back), query);
    }),
    { numRuns: 400 },
  );
});

Deno.test("toQuery() writes text that an address takes", () => {
  fc.assert(
    fc.property(scenarios, (input) => {
      const scenario = parsed(input);
      const query = toQuery(scenario);
      assertMatch(query, /^[\w.~!*'()%+/:,@=&-]+$/);
      const { searchParams } = new URL(`https://a.example/?${query}`);
      assertEquals(parsed(fromQuery(searchParams)), scenario);
    }),
    { numRuns: 100 },
  );
});
