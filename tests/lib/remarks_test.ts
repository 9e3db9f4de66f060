import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  DEFAULT_SCENARIO,
  describeField,
  fieldAt,
  FIELDS,
  leavesOf,
  putAt,
  QUANTIZATIONS,
  tryEstimate,
} from "../../lib/mod.ts";
import type { Estimate } from "../../lib/mod.ts";
import { assertOk } from "./results.ts";
import type { GroupId } from "../../lib/scenario/groups.ts";
import { anotherValue } from "./another_value.ts";

type Setting = Record<string, unknown>;

/** Values other than the default, of the fields that are no choice or switch. */
const VALUES: Record<string, unknown[]> = {
  model: ["mistralai/Mistral-7B-v0.1"],
  "train.trainable": [["lm_head"]],
  "train.lora.rank": [64],
  "train.lora.alpha": [16],
  "train.lora.dropout": [0.1],
  "train.lora.targets": ["all-linear", ["k_proj"]],
  "train.lora.modules_to_save": [["lm_head"]],
  "train.lora.target_parameters": [["mlp.experts.down_proj"]],
  "train.lora.trainable_parameters": [1_000_000],
  "train.micro_batch": [2],
  "train.sequence_length": [4_096],
  "train.gradient_accumulation": [8],
  "train.images_per_sample": [1],
  "train.image_size": [[224, 224]],
  "quantization.weights": [...QUANTIZATIONS, "gguf:Q4_K_M"],
  "quantization.group_size": [64],
  "parallel.gpus": [16],
  "parallel.gpus_per_node": [4],
  "parallel.tp": [2],
  "parallel.pp": [2],
  "parallel.cp": [2],
  "parallel.ep": [2],
  "parallel.virtual_pipeline": [2],
  "parallel.microbatches": [4],
  "engine.zero_stage": [1, 2, 3],
  // Other than what the driver does where nothing is said.
  "engine.wrap": ["titan"],
  "engine.contiguous_gradients": [false],
  "engine.stage3_max_reuse_distance": [1e10],
  "engine.grad_reduce_in_fp32": [false],
  "engine.gradient_accumulation_fusion": [false],
  "serve.batch": [2],
  "serve.input_tokens": [2_048],
  "serve.output_tokens": [256],
  "serve.cache_tokens": [8_192],
  "serve.memory_utilization": [0.8],
  "serve.max_batched_tokens": [2_048],
  "serve.max_sequences": [16],
  "hardware.gpu": ["T4", { memory_gib: 24 }],
  "software.transformers": ["4.48.1"],
  "software.torch": ["2.6.0"],
  "software.peft": ["0.14.0"],
  "software.trl": ["0.15.0"],
  "software.bitsandbytes": ["0.45.0"],
  "software.accelerate": ["1.3.0"],
  "overheads.cuda_context_gib": [1],
  "overheads.communication_gib": [1],
  "overheads.other_gib": [1],
  "factors.attn_act_factor_no_fa": [8],
  "factors.attn_act_factor_fa": [1],
  "factors.mlp_act_factor": [5],
  "factors.logits_factor": [2],
  "factors.fused_loss_factor": [0.5],
  "factors.grad_ckpt_reduction": [0.5],
  "factors.cuda_libs_gib": [1],
  "factors.misc_overhead_gib": [1],
  "factors.fragmentation_gib": [1],
  "factors.deepspeed_overhead_gib": [1],
  "factors.transient_gib_per_sequence": [1],
  "factors.vision_hidden": [512],
  "factors.vision_layers": [12],
  "factors.vision_patch": [16],
  "multipliers.gradient_checkpointing": [0.5],
  "multipliers.inference_activations": [0.2],
  "engine_formulas.checkpointing_level": [1, 3],
  "engine_formulas.largest_layer_parameters": [125_829_120],
};

const FSDP = { "parallel.gpus": 8, "engine.name": "fsdp" };
const LORA = { "train.method": "lora" };
const IMAGES = { "train.images_per_sample": 1 };

/** What has to be set beside a field for it to mean anything. */
const BESIDE: Record<string, Setting> = {
  "train.lora.rank": LORA,
  "train.lora.targets": LORA,
  "train.lora.target_parameters": LORA,
  "train.lora.bias": LORA,
  "train.lora.trainable_parameters": LORA,
  "train.image_size": IMAGES,
  "parallel.gpus": { "engine.zero_stage": 3, "parallel.gpus": 8 },
  "parallel.gpus_per_node": { ...FSDP, "engine.sharding": "hybrid" },
  "parallel.tp": { "parallel.gpus": 8 },
  "parallel.pp": { "parallel.gpus": 8 },
  "parallel.cp": { "parallel.gpus": 8 },
  "parallel.ep": { model: "mistralai/Mixtral-8x7B-v0.1", "parallel.gpus": 2 },
  "engine.zero_stage": { "parallel.gpus": 8 },
  "engine.sharding": FSDP,
  "engine.distributed_optimizer": { ...FSDP, "engine.name": "megatron" },
  ...ofEngines(),
  "factors.attn_act_factor_no_fa": { "train.attention": "eager" },
  "factors.fused_loss_factor": { "train.loss": "fused" },
  "factors.grad_ckpt_reduction": { "train.checkpointing": "full" },
  "factors.vision_hidden": IMAGES,
  "factors.vision_layers": IMAGES,
  "factors.vision_patch": IMAGES,
};

/** An engine beside each field that one engine alone reads. */
function ofEngines(): Record<string, Setting> {
  const beside: Partial<Record<GroupId, Setting>> = {
    ddp: { "engine.name": "ddp" },
    fsdp: { "engine.name": "fsdp2" },
    deepspeed: { "engine.name": "deepspeed", "engine.zero_stage": 3 },
    megatron: { "engine.name": "megatron" },
  };
  return Object.fromEntries(FIELDS.flatMap(({ path, group, awaited }) => {
    const engine = beside[group];
    return engine && path.startsWith("engine.") && awaited !== true
      ? [[path, { ...engine, "parallel.gpus": 8 }]]
      : [];
  }));
}

/** Values that change no memory by nature, and why. */
const CHANGES_NOTHING: Record<string, string> = {
  "train.lora.alpha": "a scale, not a size",
  "train.lora.rslora": "a scale, not a size",
  "precision.weights=fp16": "as wide as bf16",
  "engine.name=single": "nothing is sharded by default either",
  "engine.name=ddp": "nothing is sharded by default either",
  "engine.bucket_cap_mb": "buckets hold all gradients, however they are cut",
  "method=timeline": "the default",
  "quantization.weights=none": "the default",
  "serve.kv_dtype=bf16": "what auto means for bf16 weights",
  "serve.kv_dtype=fp16": "as wide as bf16",
};

/** The same when serving, which the factors method answers in any case. */
const CHANGES_NOTHING_SERVED: Record<string, string> = {
  "hardware.gpu": "it changes the fit, not the need",
  "method=factors": "it answers already",
  "engine.name=deepspeed": "stage 0 shards nothing",
  "engine.name=megatron-deepspeed": "stage 0 shards nothing",
};

/** Remarks that name a field in words rather than by its path. */
const IN_WORDS: Record<string, string> = {
  "train.attention": "SDPA is counted as",
  "precision.autocast": "the autocast type",
  "engine.name=fsdp": "FSDP's sharding",
  "engine.name=fsdp2": "FSDP's sharding",
  "engine.name=megatron": "Megatron's distributed optimizer",
  "engine.sharding": "FSDP's sharding",
};

const USUAL = new Map(
  leavesOf(DEFAULT_SCENARIO).map(({ path, value }) => [path, value]),
);
const PATHS = [...USUAL.keys()];

function valuesOf(path: string): unknown[] {
  const given = VALUES[path];
  if (given) return given;
  const usual = USUAL.get(path);
  const isLeftToEngines = usual === null && /^(engine|parallel)\./.test(path);
  if (fieldAt(path)?.awaited === true || isLeftToEngines) {
    return [anotherValue(path, usual)];
  }
  const field = describeField(path);
  if (field.kind === "switch") return [usual !== true];
  if (field.kind !== "choice") return [];
  return field.options.filter((option) => option !== String(usual));
}

function answer(settings: Setting): Estimate {
  const input: Setting = { model: "meta-llama/Llama-3.1-8B" };
  for (const [path, value] of Object.entries(settings)) {
    putAt(input, path, value);
  }
  const result = tryEstimate(input);
  assertOk(result);
  return result.value;
}

/** What the answer says of the memory, whatever it remarks. */
function figures({ memory, kv, model }: Estimate): string {
  return JSON.stringify([
    // A formula may name a type, bytes and all else being the same.
    memory.parts.map(({ name, bytes }) => [name, bytes]),
    memory.phases,
    memory.reserved_peak_bytes,
    memory.device_peak_bytes,
    kv?.bytes,
    model.trainable_parameters,
  ]);
}

function remarksOf({ warnings, assumptions }: Estimate): string[] {
  // What is at its default is listed there, whatever the method makes of it.
  return [...warnings, ...assumptions].filter((line) =>
    !line.startsWith("Defaults: ")
  );
}

function speakOf(remarks: string[], path: string, name: string): boolean {
  const words = IN_WORDS[name] ?? IN_WORDS[path];
  return remarks.some((remark) =>
    new RegExp(`\\b${path.replaceAll(".", "\\.")}\\b`).test(remark) ||
    (words !== undefined && remark.includes(words))
  );
}

for (const task of ["train", "serve"]) {
  for (const path of PATHS) {
    for (const value of valuesOf(path)) {
      const name = `${path}=${
        typeof value === "object" ? JSON.stringify(value) : value
      }`;
      if (CHANGES_NOTHING[name] ?? CHANGES_NOTHING[path]) continue;
      const served = CHANGES_NOTHING_SERVED[name] ??
        CHANGES_NOTHING_SERVED[path];
      if (task === "serve" && served) continue;
      if (path === "task" && value === task) continue;
      Deno.test(`remarks() leaves no ${name} ignored in silence (${task})`, () => {
        const beside = { task, ...BESIDE[path] };
        const before = answer(beside);
        const after = answer({ ...beside, [path]: value });
        const usual = new Set(remarksOf(before));
        const said = remarksOf(after).filter((remark) => !usual.has(remark));
        assert(
          figures(before) !== figures(after) || speakOf(said, path, name),
          `changes no memory, and all that is said is: ${said.join("; ")}`,
        );
      });
    }
  }
}

Deno.test("remarks() says of a field set alone why it is not used", () => {
  for (const path of Object.keys(BESIDE)) {
    for (const value of valuesOf(path)) {
      const settings = { [path]: value };
      const input: Setting = { model: "meta-llama/Llama-3.1-8B" };
      putAt(input, path, value);
      if (!tryEstimate(input).ok) continue;
      const after = answer(settings);
      assert(
        figures(after) !== figures(answer({})) || path === "parallel.gpus" ||
          speakOf(remarksOf(after), path, `${path}=${value}`),
        `${path} alone is ignored in silence`,
      );
    }
  }
});

Deno.test("remarks() is tried on every field of a Scenario", () => {
  for (const path of PATHS) assert(valuesOf(path).length > 0, path);
  for (const path of [...Object.keys(VALUES), ...Object.keys(BESIDE)]) {
    assert(PATHS.includes(path), path);
  }
});

const NOTHING: [name: string, why: string, served: boolean][] = [
  ...Object.entries(CHANGES_NOTHING).map((
    [name, why],
  ): [string, string, boolean] => [name, why, name.startsWith("serve.")]),
  ...Object.entries(CHANGES_NOTHING_SERVED).map((
    [name, why],
  ): [string, string, boolean] => [name, why, true]),
];

for (const [name, why, served] of NOTHING) {
  const task = served ? "serve" : "train";
  Deno.test(`estimate() counts the same for ${name} (${task}): ${why}`, () => {
    const [path = "", text] = name.split("=");
    const values = text === undefined ? valuesOf(path) : [text];
    for (const value of values) {
      const before = answer({ task });
      assertEquals(figures(answer({ task, [path]: value })), figures(before));
    }
  });
}

Deno.test("remarks() warns of nothing in a Scenario of defaults", () => {
  assertEquals(answer({}).warnings, []);
});

Deno.test("remarks() names each field that has no effect, with its value", () => {
  const { warnings } = answer({
    "parallel.virtual_pipeline": 2,
    "engine.offload_optimizer": "cpu",
    "software.accelerate": "1.3.0",
  });
  const expected = [
    "parallel.virtual_pipeline = 2",
    'engine.offload_optimizer = "cpu"',
    'software.accelerate = "1.3.0"',
  ];
  assertEquals(warnings.length, expected.length);
  for (const [at, field] of expected.entries()) {
    assertStringIncludes(warnings[at] ?? "", `${field} has no effect`);
  }
});

Deno.test("remarks() says which method answered where another was asked for", () => {
  const { method, warnings } = answer({
    "method": "multipliers",
    "train.method": "lora",
  });
  assertEquals(method, "factors");
  assertStringIncludes(warnings.join("\n"), 'method "multipliers"');
});
