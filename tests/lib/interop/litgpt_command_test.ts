import { assertEquals } from "@std/assert";
import { imported } from "./imported.ts";

/** Commands of one line, whose program nothing but its name tells. */
const COMMANDS: [command: string, model: string, method: string][] = [
  [
    "litgpt finetune_lora checkpoints/meta-llama/Llama-3.2-1B --train.micro_batch_size 4",
    "meta-llama/Llama-3.2-1B",
    "lora",
  ],
  [
    "litgpt finetune meta-llama/Llama-3.2-1B",
    "meta-llama/Llama-3.2-1B",
    "lora",
  ],
  [
    "litgpt finetune lora --checkpoint_dir checkpoints/microsoft/phi-2",
    "microsoft/phi-2",
    "lora",
  ],
  [
    "CUDA_VISIBLE_DEVICES=0,1 litgpt finetune_full microsoft/phi-2 --devices 2",
    "microsoft/phi-2",
    "full",
  ],
  [
    "litgpt pretrain EleutherAI/pythia-160m --data TinyStories",
    "EleutherAI/pythia-160m",
    "full",
  ],
];

for (const [command, model, method] of COMMANDS) {
  Deno.test(`a line is read as LitGPT's command: ${command}`, () => {
    const { formats, scenario } = imported(command);
    assertEquals(formats.at(-1)?.id, "litgpt");
    assertEquals(scenario["model"], model);
    assertEquals(Object(scenario["train"]).method, method);
  });
}
