import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  exportScenario,
  FIELDS,
  parseScenario,
  scenarioOfConfiguration,
} from "../../../lib/mod.ts";
import { anotherValue } from "../another_value.ts";
import { imported } from "./imported.ts";

/** DeepSpeed's own settings, as its file has them and as a Scenario does. */
const DEEPSPEED = FIELDS.filter(({ group }) => group === "deepspeed")
  .map(({ path }) => ({ path, name: path.slice("engine.".length) }));

function fileWith(name: string, value: unknown): string {
  return JSON.stringify(
    name === "grad_accum_dtype"
      ? { zero_optimization: { stage: 2 }, data_types: { [name]: value } }
      : { zero_optimization: { stage: 2, [name]: value } },
  );
}

function engineIn(text: string): Record<string, unknown> {
  return imported(text).scenario["engine"] as Record<string, unknown>;
}

for (const { path, name } of DEEPSPEED) {
  Deno.test(`DeepSpeed's ${name} is a field, read and written`, () => {
    const value = anotherValue(path, null);
    const text = typeof value === "string" && /^(true|false)$/.test(value)
      ? value === "true"
      : value;
    const engine = engineIn(fileWith(name, text));
    assertEquals(engine[name], text);
    const parsed = parseScenario({ model: "gpt2", engine });
    assert(parsed.ok, JSON.stringify(parsed));
    const written = exportScenario(parsed.value, "deepspeed");
    assert(written.ok);
    assertEquals(engineIn(written.value.text)[name], text);
  });

  Deno.test(`DeepSpeed's ${name} refuses what it cannot be`, () => {
    const read = scenarioOfConfiguration(fileWith(name, "wide"));
    assert(!read.ok);
    const [problem] = read.problems;
    assertMatch(problem?.message ?? "", RegExp(`${name} must be .*"wide"`));
  });
}

Deno.test("DeepSpeed's numbers are read as tools write them", () => {
  const engine = engineIn(
    `{"zero_optimization": {"stage": 3, "reduce_bucket_size": 5e8,
      "stage3_prefetch_bucket_size": 15099494.4, "sub_group_size": "1e9",
      "max_live_parameters": 0}}`,
  );
  assertEquals(engine["reduce_bucket_size"], 500_000_000);
  assertEquals(engine["stage3_prefetch_bucket_size"], 15_099_494);
  assertEquals(engine["sub_group_size"], 1_000_000_000);
  assertEquals(engine["stage3_max_live_parameters"], 0);
});

Deno.test("what a file leaves to the Trainer is named, and left open", () => {
  const { scenario, assumed } = imported(
    `{"zero_optimization": {"stage": 3, "reduce_bucket_size": "auto"},
      "gradient_clipping": "auto"}`,
  );
  assertEquals(scenario["engine"], { name: "deepspeed", zero_stage: 3 });
  for (
    const path of ["engine.reduce_bucket_size", "engine.gradient_clipping"]
  ) {
    const found = assumed.find((each) => each.path === path);
    assertMatch(found?.reason ?? "", / is auto: /);
  }
});

const READ: [name: string, text: string, path: string, value: unknown][] = [
  [
    "DeepSpeed's clipping",
    `{"zero_optimization": {"stage": 1}, "gradient_clipping": 1.0}`,
    "engine.gradient_clipping",
    true,
  ],
  [
    "DeepSpeed's Ulysses",
    `{"zero_optimization": {"stage": 3}, "sequence_parallel_size": 2}`,
    "parallel.cp_kind",
    "ulysses",
  ],
  [
    "accelerate's FSDP2",
    "distributed_type: FSDP\nnum_processes: 8\nfsdp_config: {fsdp_version: 2, fsdp_reshard_after_forward: false}",
    "engine.reshard_after_forward",
    false,
  ],
  [
    "accelerate's FSDP",
    "distributed_type: FSDP\nnum_processes: 8\nfsdp_config: {fsdp_forward_prefetch: true}",
    "engine.forward_prefetch",
    true,
  ],
  [
    "accelerate's replicas",
    "distributed_type: FSDP\nnum_processes: 8\nfsdp_config: {fsdp_version: 2}\nparallelism_config: {parallelism_config_dp_replicate_size: 2, parallelism_config_dp_shard_size: 4}",
    "parallel.dp_replicate",
    2,
  ],
  [
    "the Trainer's buckets",
    "per_device_train_batch_size: 1\nddp_bucket_cap_mb: 50",
    "engine.bucket_cap_mb",
    50,
  ],
  [
    "Axolotl's replicas",
    "base_model: gpt2\nmicro_batch_size: 1\nfsdp_version: 2\nfsdp_config: {}\ndp_shard_size: 4\ndp_replicate_size: 2",
    "parallel.dp_replicate",
    2,
  ],
  [
    "Axolotl's objective",
    "base_model: gpt2\nmicro_batch_size: 1\nrl: kto",
    "train.objective",
    "kto",
  ],
  [
    "Axolotl's reward model",
    "base_model: gpt2\nmicro_batch_size: 1\nreward_model: true",
    "train.objective",
    "reward",
  ],
  [
    "LLaMA-Factory's reward stage",
    "model_name_or_path: gpt2\nstage: rm\nfinetuning_type: full",
    "train.objective",
    "reward",
  ],
  [
    "LLaMA-Factory's ORPO",
    "model_name_or_path: gpt2\nstage: dpo\npref_loss: orpo\nfinetuning_type: full",
    "train.objective",
    "orpo",
  ],
  [
    "LLaMA-Factory's plain stage",
    "model_name_or_path: gpt2\nstage: sft\nfinetuning_type: full",
    "train.objective",
    undefined,
  ],
  [
    "torchtune's teacher",
    "model: {_component_: torchtune.models.qwen2.qwen2_0_5b}\nteacher_model: {_component_: torchtune.models.qwen2.qwen2_1_5b}\noptimizer: {_component_: torch.optim.AdamW}\ndtype: bf16",
    "train.teacher",
    "Qwen/Qwen2-1.5B",
  ],
  [
    "Lightning's DDP",
    "trainer: {devices: 2, strategy: {class_path: lightning.pytorch.strategies.DDPStrategy, init_args: {gradient_as_bucket_view: true}}}",
    "engine.gradient_as_bucket_view",
    true,
  ],
  [
    "Lightning's DeepSpeed",
    "trainer: {devices: 2, strategy: {class_path: lightning.pytorch.strategies.DeepSpeedStrategy, init_args: {stage: 2, reduce_bucket_size: 200000000}}}",
    "engine.reduce_bucket_size",
    200_000_000,
  ],
];

const MEGATRON: [flags: string, path: string, value: unknown][] = [
  ["--overlap-grad-reduce", "engine.overlap_grad_reduce", true],
  [
    "--no-gradient-accumulation-fusion",
    "engine.gradient_accumulation_fusion",
    false,
  ],
  ["--grad-reduce-in-bf16", "engine.grad_reduce_in_fp32", false],
  [
    "--recompute-granularity selective --recompute-modules core_attn moe_act",
    "engine.recompute_modules",
    ["core_attn", "moe_act"],
  ],
  ["--expert-tensor-parallel-size 2", "parallel.etp", 2],
  [
    "--decoder-first-pipeline-num-layers 3",
    "parallel.layers_of_first_stage",
    3,
  ],
  ["--cp-comm-type a2a", "parallel.cp_kind", "ulysses"],
];

for (
  const [name, text, path, value] of [
    ...READ,
    ...MEGATRON.map(([flags, path, value]): typeof READ[number] => [
      `Megatron-LM's ${flags.split(" ")[0]}`,
      `torchrun pretrain_gpt.py --num-layers 8 --hidden-size 64 --num-attention-heads 4 --micro-batch-size 1 --seq-length 128 --bf16 ${flags}`,
      path,
      value,
    ]),
  ]
) {
  Deno.test(`scenarioOfConfiguration() states ${path}: ${name}`, () => {
    const { scenario } = imported(text);
    const [section = "", key = ""] = path.split(".");
    const found = (scenario[section] ?? {}) as Record<string, unknown>;
    assertEquals(found[key], value);
  });
}
