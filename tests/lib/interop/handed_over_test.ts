import { assertEquals } from "@std/assert";
import { imported } from "./imported.ts";

const JOB =
  "python mason.py --cluster here --image own --num_nodes 1 --gpus 8 -- ";

Deno.test("the command that a job is handed is read from its launcher on", () => {
  const { formats, scenario } = imported(
    `${JOB}accelerate launch --mixed_precision bf16 --num_processes 8 --use_deepspeed` +
      " --deepspeed_config_file configs/stage3_no_offloading.conf open_instruct/dpo_tune_cache.py" +
      " --model_name_or_path Qwen/Qwen3-8B --max_seq_length 2048 --per_device_train_batch_size 1 --gradient_checkpointing",
  );
  assertEquals(formats.map(({ id }) => id), [
    "accelerate",
    "training-arguments",
  ]);
  assertEquals(scenario["engine"], { zero_stage: 3, name: "deepspeed" });
  assertEquals(Object(scenario["parallel"]).gpus, 8);
  const { objective, checkpointing, sequence_length } = Object(
    scenario["train"],
  );
  assertEquals([objective, checkpointing, sequence_length], [
    "dpo",
    "full",
    2048,
  ]);
});

Deno.test("Open Instruct's GRPO says its learners, lengths and engine", () => {
  const flags = " --model_name_or_path Qwen/Qwen3-8B --deepspeed_stage 2" +
    " --num_samples_per_prompt_rollout 16 --max_prompt_token_length 1024 --response_length 4096" +
    " --num_learners_per_node 8 4 --per_device_train_batch_size 1 --vllm_num_engines 4";
  const { scenario, missing } = imported(
    `${JOB}source setup.sh \\&\\& python open_instruct/grpo_fast.py${flags}`,
  );
  assertEquals(missing, []);
  assertEquals(Object(scenario["parallel"]).gpus, 12);
  assertEquals(Object(scenario["engine"]).zero_stage, 2);
  const train = Object(scenario["train"]);
  assertEquals(train.objective, "grpo");
  assertEquals(train.generations, 16);
  assertEquals([train.prompt_tokens, train.completion_tokens], [1024, 4096]);
  assertEquals(train.rollout.engine, "external");
  const alone = imported(
    `python open_instruct/grpo_fast.py${flags} --single_gpu_mode`,
  );
  assertEquals(
    Object(Object(alone.scenario["train"]).rollout).engine,
    "vllm",
  );
});

Deno.test("AutoModel freezes the tower unless it is told not to", () => {
  const trains = (freeze: string): unknown =>
    Object(
      imported(
        "step_scheduler: {local_batch_size: 1}\nmodel: {pretrained_model_name_or_path: Qwen/Qwen3-VL-8B-Instruct}\n" +
          `distributed: {strategy: fsdp2, dp_size: 8}\nfreeze_config: ${freeze}`,
      ).scenario["train"],
    ).trainable;
  assertEquals(trains("{freeze_language_model: false}"), [
    "language_model",
    "embeddings",
    "lm_head",
    "projector",
  ]);
  assertEquals(trains("{freeze_vision_tower: false}"), undefined);
});

Deno.test("DeepSpeed as a switch has its stage beside it, or asks for it", () => {
  const command = "deepspeed --num_gpus 4 main.py --deepspeed" +
    " --model_name_or_path Qwen/Qwen3-8B --per_device_train_batch_size 4 --output_dir out";
  const { scenario, missing } = imported(`${command} --zero_stage 3`);
  assertEquals(scenario["engine"], { name: "deepspeed", zero_stage: 3 });
  assertEquals(missing, []);
  assertEquals(
    imported(command).missing.map(({ name }) => name),
    ["engine.zero_stage"],
  );
});
