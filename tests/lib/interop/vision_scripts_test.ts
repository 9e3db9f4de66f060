import { assertEquals, assertMatch } from "@std/assert";
import { imported } from "./imported.ts";

function train(text: string): Record<string, unknown> {
  return Object(imported(text).scenario["train"]);
}

const INTERNVL =
  "torchrun --nproc_per_node=4 internvl/train/internvl_chat_finetune.py \\\n" +
  "  --model_name_or_path ./pretrained/InternVL3-8B-hf --output_dir out \\\n" +
  "  --bf16 True --per_device_train_batch_size 2 --max_seq_length 8192 \\\n" +
  "  --force_image_size 448 --dynamic_image_size True --max_dynamic_patch 12 \\\n" +
  "  --grad_checkpoint True --deepspeed zero_stage1_config.json";

Deno.test("InternVL's script says what is frozen, its tiles and its checkpointing", () => {
  const text = `${INTERNVL} --freeze_backbone True --freeze_mlp False`;
  const read = imported(text);
  assertEquals(read.scenario["model"], "OpenGVLab/InternVL3-8B-hf");
  const said = Object(read.scenario["train"]);
  assertEquals(said.checkpointing, "full");
  assertEquals(said.trainable, [
    "language_model",
    "embeddings",
    "lm_head",
    "projector",
  ]);
  assertEquals(said.images_per_sample, 1);
  assertEquals(said.image_size, [448 * 4, 448 * 3]);
});

Deno.test("a rank of InternVL's script is LoRA on the language model alone", () => {
  const said = train(`${INTERNVL} --freeze_backbone True --use_llm_lora 16`);
  assertEquals(said["method"], "lora");
  assertEquals(said["trainable"], undefined);
  const { rank, alpha, targets } = Object(said["lora"]);
  assertEquals([rank, alpha], [16, 32]);
  assertMatch(
    "model.language_model.layers.0.self_attn.q_proj",
    new RegExp(`^(?:${targets})$`),
  );
});

const QWEN =
  "torchrun --nproc_per_node=8 qwenvl/train/train_qwen.py --model_name_or_path Qwen/Qwen3-VL-4B-Instruct" +
  " --output_dir out --bf16 --per_device_train_batch_size 4 --model_max_length 8192" +
  " --gradient_checkpointing True --max_pixels 50176";

Deno.test("Qwen-VL's script trains the parts that it names, or adapters", () => {
  const said = train(
    `${QWEN} --tune_mm_vision False --tune_mm_mlp True --tune_mm_llm True`,
  );
  assertEquals(said["trainable"], [
    "projector",
    "language_model",
    "embeddings",
    "lm_head",
  ]);
  assertEquals(said["image_max_pixels"], 50176);
  const adapted = train(`${QWEN} --lora_enable True --lora_r 64`);
  assertEquals(adapted["method"], "lora");
  assertEquals(Object(adapted["lora"]).rank, 64);
});

Deno.test("a script's model_id and freeze_* are read as its model and what it freezes", () => {
  const { scenario } = imported(
    "deepspeed --num_gpus 8 src/train/train_sft.py --model_id Qwen/Qwen3-VL-4B-Instruct" +
      " --deepspeed scripts/zero3.json --output_dir out --per_device_train_batch_size 4" +
      " --freeze_vision_tower True --freeze_llm False --freeze_merger False --bf16 True",
  );
  assertEquals(scenario["model"], "Qwen/Qwen3-VL-4B-Instruct");
  assertEquals(Object(scenario["train"]).trainable, [
    "language_model",
    "embeddings",
    "lm_head",
    "projector",
  ]);
});

Deno.test("bits 4 of a script is QLoRA, nested unless it says no", () => {
  const command =
    "python qlora.py --model_name_or_path meta-llama/Llama-2-7b-hf --output_dir out --bits 4 --lora_r 64";
  const nested = imported(command).scenario;
  assertEquals(Object(nested["quantization"]).weights, "nf4-dq");
  assertEquals(Object(nested["train"]).method, "qlora");
  const plain = imported(`${command} --double_quant False`).scenario;
  assertEquals(Object(plain["quantization"]).weights, "nf4");
});

Deno.test("a folder that nothing sets leaves a model's name and a DeepSpeed file's", () => {
  const { scenario, missing } = imported(
    'ROOT=${ROOT:-"${HOME}/data"}\nMODEL=${MODEL:-"${ROOT}/models/Qwen3-8B"}\n' +
      "torchrun --nproc_per_node 8 train.py --model_name_or_path $MODEL --output_dir out" +
      " --deepspeed ${REPO}/scripts/zero3.json --per_device_train_batch_size 1",
  );
  assertEquals(missing, []);
  assertEquals(scenario["model"], "Qwen/Qwen3-8B");
  assertEquals(Object(scenario["engine"]).zero_stage, 3);
});

Deno.test("stars in AutoModel's target_modules are any text of a name", () => {
  const { scenario } = imported(
    "step_scheduler: {local_batch_size: 2}\nmodel: {pretrained_model_name_or_path: Qwen/Qwen3-8B}\n" +
      'distributed: {strategy: fsdp2, dp_size: 8}\npeft: {dim: 8, target_modules: ["*.q_proj", "*up_proj", down_proj]}',
  );
  const { targets } = Object(Object(scenario["train"]).lora);
  const matches = (name: string): boolean =>
    new RegExp(`^(?:${targets})$`).test(name);
  assertEquals(
    ["self_attn.q_proj", "mlp.up_proj", "mlp.down_proj", "mlp.gate_proj"]
      .map((name) => matches(`model.layers.0.${name}`)),
    [true, true, true, false],
  );
});
