import { assert, assertEquals } from "@std/assert";
import { estimate, scenarioOfConfiguration } from "../../../lib/mod.ts";
import type { ScenarioInput } from "../../../lib/mod.ts";

const MODEL = "Qwen/Qwen3-0.6B";

/** What a configuration's text becomes. */
function read(text: string): ScenarioInput {
  const found = scenarioOfConfiguration(text);
  if (!found.ok) throw new Error(JSON.stringify(found.problems));
  return { model: MODEL, ...found.value.scenario };
}

function trained(text: string): number {
  return estimate(read(text)).model.trainable_parameters;
}

/** Of one layer, the embeddings' table, which the head is tied to. */
const LAYER = 15_730_944;
const TABLE = 151_936 * 1024;

Deno.test("LLaMA-Factory's freeze tuning trains its last layers in fp32, the rest lies in bf16", () => {
  const text =
    `model_name_or_path: ${MODEL}\nstage: sft\nfinetuning_type: freeze\ncutoff_len: 1024\nbf16: true\nfreeze_trainable_layers: 3`;
  const { train, precision } = read(text);
  assertEquals([train?.method ?? "full", train?.trainable_layers], ["full", 3]);
  assertEquals([precision?.weights, precision?.frozen], ["fp32", "bf16"]);
  assertEquals(trained(text), 3 * LAYER);
  assertEquals(trained(`${text}\nfreeze_trainable_modules: all`), 3 * LAYER);
  // Three matrices of 3,072 × 1,024 in each MLP.
  assertEquals(
    trained(`${text}\nfreeze_trainable_modules: mlp`),
    3 * 3 * 3072 * 1024,
  );
});

Deno.test("LLaMA-Factory trains two layers where nothing is said, or the first ones", () => {
  const text =
    `model_name_or_path: ${MODEL}\nstage: sft\nfinetuning_type: freeze\ncutoff_len: 1024`;
  assertEquals(read(text).train?.trainable_layers, 2);
  assertEquals(trained(`${text}\nfreeze_trainable_layers: -4`), 4 * LAYER);
});

Deno.test("Axolotl's unfrozen_parameters train alone", () => {
  const text =
    `base_model: ${MODEL}\nsequence_len: 1024\nmicro_batch_size: 1\nunfrozen_parameters:\n  - ^lm_head.weight$\n  - ^model.embed_tokens.weight$[:32000]\n  - model.layers.2[67]`;
  assertEquals(trained(text), TABLE + 2 * LAYER);
});

Deno.test("ms-swift freezes by names and lets some train all the same", () => {
  const begin =
    `swift sft --model ${MODEL} --train_type full --max_length 1024`;
  assertEquals(
    trained(
      `${begin} --freeze_parameters_ratio 1 --trainable_parameters model.layers.27`,
    ),
    LAYER,
  );
  assertEquals(
    trained(`${begin} --freeze_parameters model.embed_tokens`),
    596_049_920 - TABLE,
  );
});

Deno.test("Axolotl's offloading, tiles and packed experts are fields", () => {
  const { train, quantization } = read(
    "base_model: Qwen/Qwen3-30B-A3B\nadapter: qlora\nload_in_4bit: true\nlora_target_modules: [q_proj]\nsequence_len: 65536\ngradient_checkpointing: true\nactivation_offloading: legacy\ntiled_mlp: true\nquantize_moe_experts: true",
  );
  assertEquals(
    [
      train?.activation_offloading,
      train?.mlp_tiles,
      quantization?.experts,
    ],
    ["sync", 2, true],
  );
});

Deno.test("LLaMA-Factory's freeze_extra_modules train beside its layers", () => {
  const text =
    `model_name_or_path: ${MODEL}\nstage: sft\nfinetuning_type: freeze\ncutoff_len: 1024\nfreeze_trainable_layers: 3\nfreeze_extra_modules: embed_tokens,norm`;
  // "norm" is found in names of frozen layers too: two norms of hidden states and
  // two of heads, which LLaMA-Factory unfreezes as well; and the last norm.
  const norms = 2 * 1024 + 2 * 128;
  assertEquals(trained(text), TABLE + 3 * LAYER + 25 * norms + 1024);
  assertEquals(
    trained(`${text}\nfreeze_trainable_modules: mlp`),
    TABLE + 3 * 3 * 3072 * 1024 + 28 * norms + 1024,
  );
});

Deno.test("ms-swift freezes the first share of a model's parameters", () => {
  const begin =
    `swift sft --model ${MODEL} --train_type full --max_length 1024`;
  const total = TABLE + 28 * LAYER + 1024;
  const share = (ratio: number) =>
    trained(`${begin} --freeze_parameters_ratio ${ratio}`);
  // The table alone is a quarter; half of all ends within a layer.
  assertEquals(share(0.2), total);
  assertEquals(share(0.262), 28 * LAYER + 1024);
  // Queries, keys and values of the first layer are frozen with it.
  assertEquals(share(0.27), 28 * LAYER + 1024 - 4096 * 1024);
  const half = share(0.5);
  assert(half >= total / 2 && half < total / 2 + 3072 * 1024, `${half}`);
});
