import { accelerate } from "./accelerate/read.ts";
import { axolotl } from "./axolotl/read.ts";
import { deepspeed } from "./deepspeed/read.ts";
import type { Format } from "./draft/format.ts";
import { lightning } from "./lightning/read.ts";
import { llamaFactory } from "./llama_factory/read.ts";
import { llamaFactoryV1 } from "./llama_factory/read_v1.ts";
import { megatron } from "./megatron/read.ts";
import { memoryCalculator } from "./memory_calculator/read.ts";
import { peftAdapter } from "./peft/read.ts";
import { plainScenario } from "./plain/read.ts";
import { torchtune } from "./torchtune/read.ts";
import { trainingArguments } from "./training_arguments/read.ts";

/**
 * Every format, in the order in which they are asked whether a file is theirs:
 * those with keys of their own first.
 */
export const FORMATS: readonly Format[] = [
  megatron,
  torchtune,
  lightning,
  memoryCalculator,
  plainScenario,
  peftAdapter,
  accelerate,
  deepspeed,
  axolotl,
  llamaFactoryV1,
  llamaFactory,
  trainingArguments,
];
