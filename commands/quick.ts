import { Command, Option } from "commander";
import {
  calculatorsModelOfSize,
  DEFAULT_SCENARIO,
  modelOfSize,
  parseCount,
  parseGib,
} from "../lib/mod.ts";
import { methodOption } from "./method_option.ts";
import type { AnswerOptions } from "./training_answer.ts";
import { alsoSet, formatOption, printAnswer } from "./training_answer.ts";
import { spelled } from "./spelled.ts";
import { UsageError } from "./usage_error.ts";

const { parallel, precision, train } = DEFAULT_SCENARIO;

const EXAMPLES = `
Examples:
  A 7B model on eight GPUs with DeepSpeed ZeRO-2
    deno task quick 7 --gpus 8 --engine deepspeed
  A 70B model with Megatron-LM
    deno task quick 70 --gpus 64 --gpu-mem 80 --engine megatron --tp 8 --pp 4
  A smaller one, with FSDP, in one line of JSON
    deno task quick 350M --gpus 2 --engine fsdp --json

SIZE is in billions, or carries its unit: 7, 7B, 350M. What no option says has a
scenario's own default, but for the GPU's memory: 80 GiB. Exit status: 0, or 2
when the input cannot be used.`;

/** The calculator's names of engines. */
const ENGINES: Record<string, Record<string, unknown>> = {
  pytorch: { name: "ddp" },
  deepspeed: { name: "deepspeed", zero_stage: 2 },
  megatron: { name: "megatron", distributed_optimizer: false },
  "megatron-deepspeed": { name: "megatron-deepspeed", zero_stage: 2 },
  fsdp: { name: "fsdp" },
};

interface Given extends AnswerOptions {
  gpus: string;
  gpuMem?: string;
  engine: string;
  dtype: string;
  zero?: string;
  tp: string;
  pp: string;
  batch: string;
  seqLen: string;
}

/** `quick`: an estimate of training a model of which only the size is known. */
export function quickCommand(): Command {
  return new Command("quick")
    .description("Estimate training from a model's size alone")
    .argument("<size>", "parameters in billions, or with a unit: 7, 350M")
    .option("-g, --gpus <n>", "GPUs", String(parallel.gpus))
    .option("-m, --gpu-mem <gib>", "memory of each GPU in GiB (80)")
    .option("--gpu <name>", "a GPU of the catalogue instead")
    .addOption(
      new Option("-e, --engine <name>", "what trains")
        .choices(Object.keys(ENGINES)).default("pytorch"),
    )
    .addOption(
      new Option("-d, --dtype <name>", "data type")
        .choices(["fp32", "fp16", "bf16"]).default(precision.weights),
    )
    .option("--zero <stage>", "DeepSpeed's ZeRO stage (2)")
    .option("--tp <n>", "tensor parallelism", String(parallel.tp))
    .option("--pp <n>", "pipeline parallelism", String(parallel.pp))
    .option(
      "--batch <n>",
      "sequences per GPU",
      String(train.micro_batch),
    )
    .option(
      "--seq-len <tokens>",
      "tokens per sequence",
      String(train.sequence_length),
    )
    .addOption(methodOption())
    .option(
      "--set <path=value>",
      "set any field of the scenario, such as train.checkpointing=full",
      alsoSet,
      [],
    )
    .addOption(formatOption())
    .option("--json", "the same as --format json")
    .addHelpText("after", spelled(EXAMPLES))
    .action(run);
}

/** Sizes without a unit are billions of parameters. */
const BILLION = 1e9;
/** Smallest and largest model that has a shape. */
const MIN_PARAMETERS = 1e7;
const MAX_PARAMETERS = 1e13;

async function run(size: string, given: Given): Promise<void> {
  const parameters = parametersOf(size);
  const { dims, assumed } = modelOfSize(parameters);
  const input: Record<string, unknown> = {
    model: { dims },
    train: { micro_batch: given.batch, sequence_length: given.seqLen },
    precision: { weights: given.dtype },
    parallel: { gpus: given.gpus, tp: given.tp, pp: given.pp },
    engine: { ...ENGINES[given.engine], ...stageOf(given) },
    hardware: { gpu: { memory_gib: memoryOf(given) } },
  };
  const own = "The calculator's own formulas take its own shape for this size";
  await printAnswer(
    {
      input,
      read: {
        name: `a model of ${size}`,
        known: null,
        understood: [],
        assumed: [assumed, own],
        ignored: [],
      },
    },
    given,
    { known: { dims: calculatorsModelOfSize(parameters) } },
  );
}

function parametersOf(size: string): number {
  const count = parseCount(size);
  const parameters = count !== null && /[\d.]$/.test(size.trim())
    ? Math.round(count * BILLION)
    : count;
  if (
    parameters === null || !(parameters >= MIN_PARAMETERS) ||
    parameters > MAX_PARAMETERS
  ) {
    throw new UsageError(
      `SIZE must be 0.01 to 10,000 billion parameters, such as 7, 7B or 350M: current value is ${
        JSON.stringify(size)
      }`,
    );
  }
  return parameters;
}

/** Memory of a GPU where the command line does not say, as the calculator has it. */
const USUAL_GIB = 80;

function memoryOf({ gpuMem, gpu }: Given): number {
  if (gpuMem === undefined) return USUAL_GIB;
  if (gpu !== undefined) {
    throw new UsageError(
      "--gpu and --gpu-mem are both given: give one of them",
    );
  }
  const gib = parseGib(gpuMem);
  if (gib === null || !(gib > 0)) {
    throw new UsageError(
      `--gpu-mem must be an amount of memory, such as 80 or 79.3GiB: current value is ${
        JSON.stringify(gpuMem)
      }`,
    );
  }
  return gib;
}

function stageOf({ engine, zero }: Given): { zero_stage?: string } {
  if (zero === undefined) return {};
  if (!engine.endsWith("deepspeed")) {
    throw new UsageError(
      `--zero is DeepSpeed's: --engine is ${JSON.stringify(engine)}`,
    );
  }
  return { zero_stage: zero };
}
