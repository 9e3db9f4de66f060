import { accelerate } from "./accelerate.ts";
import { axolotl } from "./axolotl.ts";
import { deepspeed } from "./deepspeed.ts";
import type { Format } from "./format.ts";
import { lightning } from "./lightning.ts";
import { llamaFactory } from "./llama_factory.ts";
import { llamaFactoryV1 } from "./llama_factory_v1.ts";
import { megatron } from "./megatron.ts";
import { memoryCalculator } from "./memory_calculator_format.ts";
import { peftAdapter } from "./peft_adapter.ts";
import { plainScenario } from "./plain_scenario.ts";
import { torchtune } from "./torchtune.ts";
import { trainingArguments } from "./training_arguments.ts";

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
