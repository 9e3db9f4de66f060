import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  DEFAULT_SCENARIO,
  estimate,
  parseScenario,
  ScenarioError,
} from "../../lib/mod.ts";
import type { Scenario, ScenarioInput } from "../../lib/mod.ts";
import { OPTIMIZERS } from "../../lib/scenario/optimizers.ts";
import { assertOk } from "./results.ts";

/** The contract's block, by hand; only `method` differs ("timeline" there). */
const DEFAULTS: Scenario = {
  model: "meta-llama/Llama-3.1-8B",
  task: "train",
  train: {
    method: "full",
    trainable: "all",
    lora: {
      rank: 16,
      alpha: 32,
      dropout: 0,
      targets: "default",
      adapter_dtype: "fp32",
      dora: false,
      rslora: false,
      bias: "none",
      target_parameters: [],
      modules_to_save: [],
      trainable_parameters: null,
    },
    micro_batch: 1,
    sequence_length: 2_048,
    gradient_accumulation: 1,
    padding_mask: false,
    attention: "flash",
    checkpointing: "none",
    checkpoint_offload: false,
    loss: "full",
    kernels: "eager",
    images_per_sample: 0,
    image_size: [448, 448],
    selective: null,
    objective: null,
    reference: null,
    prompt_tokens: null,
    completion_tokens: null,
    generations: null,
    rollout: { engine: null, memory_utilization: null, sleep: null },
    teacher: null,
  },
  precision: {
    weights: "bf16",
    autocast: null,
    gradients: null,
    master_weights: null,
    optimizer_states: null,
  },
  quantization: { weights: "none", group_size: 128, kbit_upcast: true },
  optimizer: {
    name: "adamw",
    implementation: "auto",
    bits: 32,
    paged: false,
    in_backward: false,
  },
  parallel: {
    gpus: 1,
    gpus_per_node: 8,
    tp: 1,
    pp: 1,
    cp: 1,
    ep: 1,
    sequence_parallel: false,
    virtual_pipeline: 1,
    microbatches: null,
    etp: null,
    dp_replicate: null,
    cp_kind: null,
    layers_of_first_stage: null,
    layers_of_last_stage: null,
    split_points: null,
    pipeline_schedule: null,
    rank: null,
  },
  engine: {
    name: "auto",
    zero_stage: 0,
    sharding: "full",
    offload_optimizer: "none",
    offload_parameters: "none",
    distributed_optimizer: true,
    driver: null,
    gradient_clipping: null,
    no_sync: null,
    bucket_cap_mb: null,
    gradient_as_bucket_view: null,
    static_graph: null,
    reduce_dtype: null,
    reshard_after_forward: null,
    root_reshard: null,
    wrap: null,
    use_orig_params: null,
    forward_prefetch: null,
    limit_all_gathers: null,
    overlap_comm: null,
    contiguous_gradients: null,
    reduce_bucket_size: null,
    allgather_bucket_size: null,
    stage3_prefetch_bucket_size: null,
    stage3_param_persistence_threshold: null,
    stage3_max_live_parameters: null,
    stage3_max_reuse_distance: null,
    sub_group_size: null,
    grad_accum_dtype: null,
    round_robin_gradients: null,
    grad_reduce_in_fp32: null,
    overlap_grad_reduce: null,
    gradient_accumulation_fusion: null,
    recompute_modules: null,
    loss_parallel: null,
  },
  serve: {
    engine: "transformers",
    batch: 1,
    input_tokens: 1_024,
    output_tokens: 128,
    kv_cache: true,
    kv_dtype: "auto",
    cache_tokens: null,
    memory_utilization: 0.9,
    max_batched_tokens: null,
    max_sequences: null,
    max_model_len: null,
    kv_cache_bytes: null,
    block_size: null,
    enforce_eager: null,
    prefix_caching: null,
    hybrid_kv_cache: null,
    offline: null,
    chunked_prefill_tokens: null,
    swa_full_tokens_ratio: null,
    max_loras: null,
    max_lora_rank: null,
    draft_model: null,
    attention: null,
    padding_mask: null,
    logits_all: null,
    batch_tokens: null,
    ubatch_tokens: null,
    slots: null,
    kv_unified: null,
    flash_attention: null,
    swa_full: null,
    gpu_layers: null,
    cpu_moe_layers: null,
    tensor_split: null,
    kv_offload: null,
    op_offload: null,
  },
  hardware: { gpu: "A100-80GB", gpus: null },
  software: {
    model_code: "transformers",
    transformers: null,
    torch: null,
    peft: null,
    trl: null,
    bitsandbytes: null,
    accelerate: null,
  },
  overheads: {
    cuda_context_gib: null,
    communication_gib: null,
    other_gib: 0,
  },
  method: "timeline",
  factors: {
    attn_act_factor_no_fa: 4,
    attn_act_factor_fa: 0.8,
    mlp_act_factor: 6,
    logits_factor: 1,
    fused_loss_factor: 0.2,
    grad_ckpt_reduction: 0.35,
    cuda_libs_gib: 2.5,
    misc_overhead_gib: 3,
    fragmentation_gib: 5,
    deepspeed_overhead_gib: null,
    transient_gib_per_sequence: 0.1,
    kv_cache: false,
    vision_hidden: null,
    vision_layers: null,
    vision_patch: null,
  },
  engine_formulas: {
    checkpointing_level: null,
    largest_layer_parameters: null,
  },
  multipliers: { gradient_checkpointing: 0.3, inference_activations: 0.1 },
  rule_of_thumb: { count: "tensors" },
};

const MODEL = { model: "meta-llama/Llama-3.1-8B" };

function parsed(input: unknown): Scenario {
  const result = parseScenario(input);
  assertOk(result);
  return result.value;
}

Deno.test("parseScenario() fills in the contract's default of every field", () => {
  assertEquals(parsed(MODEL), DEFAULTS);
});

Deno.test("parseScenario() fills in the same defaults for empty sections", () => {
  const { model, task: _task, method: _method, ...sections } = DEFAULTS;
  const empty = Object.fromEntries(
    Object.keys(sections).map((name) => [name, {}]),
  );
  assertEquals(parsed({ model, ...empty }), DEFAULTS);
  assertEquals(parsed({ model, train: { lora: {} } }), DEFAULTS);
});

Deno.test("parseScenario() gives a Scenario back as it is", () => {
  assertEquals(parsed(DEFAULTS), DEFAULTS);
});

Deno.test("DEFAULT_SCENARIO holds the same defaults", () => {
  const { model: _model, ...rest } = DEFAULTS;
  const { model: _any, ...found } = DEFAULT_SCENARIO;
  assertEquals(found, rest);
});

Deno.test("parseScenario() shares no list or section between two scenarios", () => {
  const first = parsed(MODEL);
  first.train.lora.modules_to_save.push("lm_head");
  first.train.image_size[0] = 1;
  first.serve.batch = 9;
  assertEquals(parsed(MODEL), DEFAULTS);
});

Deno.test("parseScenario() refuses unknown keys at each depth by name", () => {
  const paths = [
    "nonsense",
    "train.nonsense",
    "train.lora.nonsense",
    "precision.nonsense",
    "quantization.nonsense",
    "optimizer.nonsense",
    "parallel.nonsense",
    "engine.nonsense",
    "serve.nonsense",
    "hardware.nonsense",
    "hardware.gpu.nonsense",
    "software.nonsense",
    "overheads.nonsense",
    "factors.nonsense",
    "model.nonsense",
    "model.dims.nonsense",
  ];
  const dims = { layers: 1, hidden_size: 8, attention_heads: 1, vocab_size: 8 };
  for (const path of paths) {
    const input = structuredClone<Record<string, unknown>>(MODEL);
    if (path.startsWith("model.")) input["model"] = { dims: { ...dims } };
    if (path.startsWith("hardware.gpu.")) {
      input["hardware"] = { gpu: { memory_gib: 24 } };
    }
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    let section = input;
    for (const key of keys) {
      section = (section[key] ??= {}) as Record<string, unknown>;
    }
    section[last] = 1;
    const result = parseScenario(input);
    assert(!result.ok, path);
    assertEquals(result.problems, [{
      path,
      message: `${path} is not a field of a scenario`,
    }]);
  }
});

Deno.test("parseScenario() names every unknown key", () => {
  const result = parseScenario({ ...MODEL, one: 1, two: 2, train: { tre: 3 } });
  assert(!result.ok);
  assertEquals(result.problems.map(({ path }) => path).sort(), [
    "one",
    "train.tre",
    "two",
  ]);
});

Deno.test("parseScenario() takes every optimizer of the list", () => {
  for (const name of OPTIMIZERS) {
    assertEquals(
      parsed({ ...MODEL, optimizer: { name } }).optimizer.name,
      name,
    );
  }
});

Deno.test("parseScenario() takes null where null is allowed", () => {
  const nullable = Object.entries({
    train: { lora: { trainable_parameters: null } },
    precision: {
      autocast: null,
      gradients: null,
      master_weights: null,
      optimizer_states: null,
    },
    parallel: { microbatches: null },
    serve: {
      cache_tokens: null,
      max_batched_tokens: null,
      max_sequences: null,
    },
    software: {
      transformers: null,
      torch: null,
      peft: null,
      trl: null,
      bitsandbytes: null,
      accelerate: null,
    },
    overheads: { cuda_context_gib: null, communication_gib: null },
    factors: {
      deepspeed_overhead_gib: null,
      vision_hidden: null,
      vision_layers: null,
      vision_patch: null,
    },
  });
  assertEquals(parsed({ ...MODEL, ...Object.fromEntries(nullable) }), DEFAULTS);
});

Deno.test("estimate() throws a ScenarioError that carries every problem", () => {
  const input = {
    ...MODEL,
    train: { micro_batch: 0 },
    parallel: { gpus: 0 },
  } satisfies ScenarioInput;
  const error = assertThrows(
    () => estimate(input),
    ScenarioError,
    "train.micro_batch must be at least 1: current value is 0",
  );
  assertEquals(error.problems.map(({ path }) => path), [
    "train.micro_batch",
    "parallel.gpus",
  ]);
  assertStringIncludes(error.name, "ScenarioError");
});
