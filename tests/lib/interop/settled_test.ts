import { assert, assertEquals, assertMatch } from "@std/assert";
import { scenarioOfConfigurations } from "../../../lib/mod.ts";
import { imported } from "./imported.ts";
import { assertOk } from "../results.ts";

Deno.test("scenarioOfConfiguration() names what it leaves out, and why", () => {
  const { ignored, warnings, assumed } = imported(
    "made_up: 1\nlearning_rate: 1e-4\nneftune_noise_alpha: 9\nauto_find_batch_size: false",
  );
  const reason = (key: string) =>
    ignored.find((each) => each.key === key)?.reason ?? "";
  assertMatch(reason("made_up"), /^not known: may move memory$/);
  assertMatch(reason("learning_rate"), /decides no GPU memory/);
  assertMatch(reason("auto_find_batch_size"), /switched off/);
  assertEquals(warnings.length, 2);
  assertMatch(
    warnings[0] ?? "",
    /^made_up \(1\) is left out: not known: may move memory$/,
  );
  assertMatch(warnings[1] ?? "", /^neftune_noise_alpha \(9\) moves memory/);
  assertEquals(
    assumed.map(({ path }) => path).toSorted(),
    [
      "hardware.gpu",
      "optimizer.implementation",
      "parallel.gpus",
      "precision.weights",
      "train.attention",
      "train.micro_batch",
      "train.sequence_length",
    ],
  );
});

Deno.test("scenarioOfConfigurations() fills one file's auto from another, the later one wins", () => {
  const read = scenarioOfConfigurations([
    {
      name: "args.yaml",
      text:
        "per_device_train_batch_size: 2\ngradient_accumulation_steps: 4\nbf16: true\ndeepspeed: ds_z2.json",
    },
    {
      name: "ds.json",
      text:
        `{"train_micro_batch_size_per_gpu": "auto", "bf16": {"enabled": "auto"}, "zero_optimization": {"stage": 3}}`,
    },
    {
      name: "accelerate.yaml",
      text:
        "distributed_type: DEEPSPEED\nmixed_precision: fp16\nnum_processes: 4\ndeepspeed_config: {gradient_accumulation_steps: 8}",
    },
  ]);
  assertOk(read);
  const { scenario, ignored, assumed, understood, formats } = read.value;
  assertEquals(formats.map(({ name }) => name), [
    "args.yaml",
    "ds.json",
    "accelerate.yaml",
  ]);
  assertEquals(scenario["engine"], { name: "deepspeed", zero_stage: 3 });
  assertEquals(scenario["precision"], { weights: "fp16" });
  assertEquals(scenario["parallel"], { gpus: 4 });
  assertEquals(scenario["train"], {
    attention: "sdpa",
    micro_batch: 2,
    gradient_accumulation: 8,
  });
  const later = ignored.filter(({ reason }) => /in a later file/.test(reason));
  assertEquals(later.map(({ key }) => key), [
    "gradient_accumulation_steps",
    "bf16",
  ]);
  assert(!understood.some(({ key }) => key === "gradient_accumulation_steps"));
  assert(!assumed.some(({ path }) => path === "engine.zero_stage"));
});

Deno.test("scenarioOfConfigurations() makes adapters of a second file", () => {
  const read = scenarioOfConfigurations([
    { text: "per_device_train_batch_size: 2\nload_in_4bit: true" },
    {
      text: `{"peft_type": "LORA", "r": 4, "base_model_name_or_path": "gpt2"}`,
    },
  ]);
  assert(read.ok);
  assertEquals(read.value.scenario["model"], "gpt2");
  assertEquals(
    (read.value.scenario["train"] as { method: string }).method,
    "qlora",
  );
});

Deno.test("accelerate's FSDP keeps adapters' frozen weights in their type", () => {
  const full = scenarioOfConfigurations([
    { text: "optim: sgd\nbf16: true\nfsdp: full_shard" },
  ]);
  const lora = scenarioOfConfigurations([
    { text: "optim: sgd\nbf16: true\nfsdp: full_shard\nuse_peft: true" },
  ]);
  assert(full.ok && lora.ok);
  assertEquals(full.value.scenario["precision"], {
    weights: "fp32",
    autocast: "bf16",
  });
  assertEquals(lora.value.scenario["precision"], {
    weights: "bf16",
    autocast: "bf16",
  });
});

Deno.test("a folder's name that the catalogue has stands for the model", () => {
  const { scenario, assumed } = imported(
    "model_name_or_path: /data/models/Qwen3-8B/\nlora_rank: 4",
  );
  assertEquals(scenario["model"], "Qwen/Qwen3-8B");
  assert(assumed.some(({ path }) => path === "model"));
  assertEquals(
    imported("model_name_or_path: ./mine\nlora_rank: 4").scenario["model"],
    "./mine",
  );
});

Deno.test("the names of DeepSpeed files tell stages and offload", () => {
  for (
    const [name, engine] of [
      ["deepspeed_configs/zero3_bf16.json", { zero_stage: 3 }],
      ["ds_z0_config.json", { zero_stage: 0 }],
      ["zero2_offload.json", { zero_stage: 2, offload_optimizer: "cpu" }],
      ["ds_config_stage_1.json", { zero_stage: 1 }],
      ["my_config.json", {}],
    ] as const
  ) {
    assertEquals(
      imported(`optim: sgd\ndeepspeed: ${name}`).scenario["engine"],
      { ...engine, name: "deepspeed" },
      name,
    );
  }
});

Deno.test("a file of an engine that shards, without GPUs, asks for their number", () => {
  const asked = (text: string) => {
    const { missing, scenario } = imported(text);
    assertEquals(scenario["parallel"], undefined);
    const [only, ...more] = missing;
    assertEquals(more, []);
    assertEquals(only?.name, "parallel.gpus");
    return only;
  };
  const zero = asked(`{"zero_optimization": {"stage": 3}}`);
  assertEquals(
    zero?.reason,
    "no file says how many GPUs train, and ZeRO 3 shards over all of them: give parallel.gpus",
  );
  assertEquals(zero?.tries, [2, 4, 8]);
  assertMatch(
    asked("optim: sgd\nbf16: true\nfsdp: full_shard")?.reason ?? "",
    /FSDP shards over all of them/,
  );
  for (
    const text of [
      "optim: sgd\nbf16: true",
      "optim: sgd\nfsdp: no_shard",
      `{"zero_optimization": {"stage": 0}}`,
    ]
  ) assertEquals(imported(text).missing, [], text);
});

Deno.test("what is given beside a file answers what it asks for", () => {
  const read = scenarioOfConfigurations(
    [{ text: `{"zero_optimization": {"stage": 3}}` }],
    { "parallel.gpus": "8", "model": "gpt2" },
  );
  assertOk(read);
  assertEquals(read.value.missing, []);
  assertEquals(read.value.scenario["parallel"], { gpus: 8 });
  assertEquals(read.value.scenario["model"], "gpt2");
});

Deno.test("what DeepSpeed offloads in other ways is named as not played", () => {
  const { ignored } = imported(
    `{"zero_optimization": {"stage": 2, "zenflow": {"topk_ratio": 0.1}, "offload_optimizer": {"device": "cpu", "super_offload": true}}}`,
  );
  const said = ignored.filter(({ moves_memory }) => moves_memory);
  assertEquals(said.map(({ key }) => key).toSorted(), [
    "zero_optimization.offload_optimizer.super_offload",
    "zero_optimization.zenflow",
  ]);
  assertMatch(said.map(({ reason }) => reason).join(), /ZenFlow.*not played/);
});
