import { assertEquals, assertMatch } from "@std/assert";
import { scenarioOfConfiguration } from "../../../lib/mod.ts";
import { imported } from "./imported.ts";

/** What a file says of saving. */
function savingOf(text: string): unknown {
  const { train } = imported(text).scenario as {
    train?: { saving?: unknown };
  };
  return train?.saving;
}

const ON_HOST = { gathers: "host" };

/** DeepSpeed's file of a stage, with one more setting of ZeRO. */
function zero(stage: number, more: Record<string, unknown>): string {
  return JSON.stringify({ zero_optimization: { stage, ...more } });
}

Deno.test("ZeRO 3 that gathers 16-bit weights to save them gathers to the host", () => {
  for (
    const key of [
      "stage3_gather_16bit_weights_on_model_save",
      "gather_16bit_weights_on_model_save",
      "stage3_gather_fp16_weights_on_model_save",
    ]
  ) {
    assertEquals(savingOf(zero(3, { [key]: true })), ON_HOST, key);
    assertEquals(savingOf(zero(3, { [key]: false })), undefined, key);
    assertEquals(savingOf(zero(3, { [key]: "auto" })), undefined, key);
    assertEquals(savingOf(zero(2, { [key]: true })), undefined, key);
  }
});

Deno.test("a switch of ZeRO's weights that is none is refused", () => {
  const key = "stage3_gather_16bit_weights_on_model_save";
  const read = scenarioOfConfiguration(zero(3, { [key]: "some" }));
  assertEquals(read.ok, false);
  if (read.ok) return;
  assertMatch(read.problems[0]?.message ?? "", RegExp(`${key}.*"some"`));
});

Deno.test("accelerate's zero3_save_16bit_model is ZeRO's own setting", () => {
  const file = (stage: number, on: boolean) =>
    `compute_environment: LOCAL_MACHINE
distributed_type: DEEPSPEED
num_processes: 8
deepspeed_config:
  zero_stage: ${stage}
  zero3_save_16bit_model: ${on}
`;
  assertEquals(savingOf(file(3, true)), ON_HOST);
  assertEquals(savingOf(file(3, false)), undefined);
  assertEquals(savingOf(file(2, true)), undefined);
});

for (const key of ["fsdp_state_dict_type", "state_dict_type"]) {
  Deno.test(`accelerate's ${key} says whether a state dict is gathered`, () => {
    const file = (type: string) =>
      `compute_environment: LOCAL_MACHINE
distributed_type: FSDP
num_processes: 8
fsdp_config:
  fsdp_version: 2
  ${key}: ${type}
`;
    assertEquals(savingOf(file("FULL_STATE_DICT")), ON_HOST);
    assertEquals(savingOf(file("SHARDED_STATE_DICT")), undefined);
    const read = scenarioOfConfiguration(file("HALF"));
    assertEquals(read.ok, false);
    if (read.ok) return;
    assertMatch(read.problems[0]?.message ?? "", /FULL_STATE_DICT.*"HALF"/);
  });
}

Deno.test("Axolotl's last checkpoint may be whole where those before are not", () => {
  const file = (last: string) =>
    `base_model: Qwen/Qwen2.5-0.5B
micro_batch_size: 1
sequence_len: 512
fsdp_version: 2
fsdp_config:
  state_dict_type: SHARDED_STATE_DICT
  final_state_dict_type: ${last}
`;
  assertEquals(savingOf(file("FULL_STATE_DICT")), ON_HOST);
  assertEquals(savingOf(file("SHARDED_STATE_DICT")), undefined);
});

Deno.test("Megatron-SWIFT merges adapters before it saves, ms-swift does not", () => {
  const megatron = (tuner: string) =>
    `swift_command: megatron sft
model: Qwen/Qwen2.5-0.5B
tensor_model_parallel_size: 1
max_length: 512
tuner_type: ${tuner}
merge_lora: true
`;
  assertEquals(savingOf(megatron("lora")), { merged: true });
  assertEquals(savingOf(megatron("full")), undefined);
  const plain = `model: Qwen/Qwen2.5-0.5B
tuner_type: lora
max_length: 512
dataset: a
merge_lora: true
`;
  assertEquals(savingOf(plain), undefined);
});

Deno.test("LLaMA-Factory's checkpoints in Hugging Face's format are gathered by FSDP 2", () => {
  const file = (dist: string) =>
    `model: Qwen/Qwen2.5-0.5B
train_dataset: a.yaml
cutoff_len: 512
micro_batch_size: 1
save_ckpt_as_hf: true
dist_config:
  name: ${dist}
`;
  assertEquals(savingOf(file("fsdp2")), ON_HOST);
  assertEquals(savingOf(file("deepspeed")), undefined);
});
