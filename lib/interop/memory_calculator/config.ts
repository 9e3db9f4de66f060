import { LEVELS } from "../../methods/engine_formulas/setup.ts";
import type { Result, ScenarioInput } from "../../scenario/parse_scenario.ts";
import type { Problem } from "../../scenario/problem.ts";
import { problemsOf } from "../../scenario/problem.ts";
import { formatCount, groupDigits } from "../../units/mod.ts";
import { dimsOf } from "./model.ts";
import type { CalculatorConfig } from "./schema.ts";
import {
  configSchema,
  DTYPE_NAMES,
  ENGINE_NAMES,
  OPTIMIZER_NAMES,
  SHARDING_NAMES,
} from "./schema.ts";

/** A configuration of the training memory calculator, as it was read. */
export interface CalculatorConfigRead {
  /** The name that the file gives its model. */
  name: string;
  /** The catalogue's model of the same name and shape; null where there is none. */
  known: string | null;
  scenario: ScenarioInput;
  /** What the file says, field by field, in words. */
  understood: string[];
  /** What it leaves open, and how that was settled. */
  assumed: string[];
  /** Fields that change nothing here, and why. */
  ignored: string[];
}

/** The name that problems give to the file. */
const DOCUMENT = "configuration";

/**
 * Reads a JSON configuration of the training memory calculator
 * (George614/gpu-mem-calculator), as its files, its presets and its page write
 * it, into a Scenario.
 *
 * @param input The parsed JSON, still unchecked.
 * @returns The scenario and what was made of each field, or every problem at
 *   once, each with its path in the file.
 *
 * @example The calculator's own example, as a program
 * ```ts
 * import { estimate, formatBytes, readCalculatorConfig } from "../../mod.ts";
 *
 * const read = readCalculatorConfig({
 *   model: {
 *     name: "llama2-7b",
 *     num_parameters: 7_000_000_000,
 *     num_layers: 32,
 *     hidden_size: 4096,
 *     num_attention_heads: 32,
 *     vocab_size: 32000,
 *     max_seq_len: 4096,
 *   },
 *   training: {
 *     batch_size: 4,
 *     gradient_accumulation_steps: 4,
 *     dtype: "bf16",
 *     optimizer: "adamw",
 *   },
 *   parallelism: { data_parallel_size: 8 },
 *   engine: { type: "deepspeed", zero_stage: 3, offload_optimizer: "cpu" },
 *   hardware: { num_gpus: 8, gpu_memory_gb: 80 },
 * });
 * if (!read.ok) throw new Error(read.problems[0]?.message);
 * const { memory, fit } = estimate(read.value.scenario);
 * console.log(`Memory per GPU: ${formatBytes(memory.device_peak_bytes)}`);
 * console.log(`Fits on GPU: ${fit[0]?.fits}`);
 * console.log(`Utilization: ${(100 * (fit[0]?.utilization ?? 0)).toFixed(1)} %`);
 * ```
 */
export function readCalculatorConfig(
  input: unknown,
): Result<CalculatorConfigRead> {
  const parsed = configSchema.safeParse(input);
  if (!parsed.success) {
    return {
      ok: false,
      problems: problemsOf(parsed.error.issues, input, DOCUMENT),
    };
  }
  const config = parsed.data;
  const { dims, known, assumed } = dimsOf(config.model);
  const gpus = gpusOf(config);
  const level = config.training.activation_checkpointing;
  const checkpointing = checkpointingOf(level);
  const { largest_layer_params } = config.model;
  return {
    ok: true,
    value: {
      name: config.model.name,
      known,
      scenario: {
        model: { dims },
        train: {
          micro_batch: config.training.batch_size,
          sequence_length: config.model.max_seq_len,
          gradient_accumulation: config.training.gradient_accumulation_steps,
          checkpointing,
        },
        ...typesOf(config),
        parallel: {
          gpus,
          tp: config.parallelism.tensor_parallel_size,
          pp: config.parallelism.pipeline_parallel_size,
          sequence_parallel: config.parallelism.sequence_parallel,
          microbatches: config.engine.num_micro_batches,
        },
        engine: engineOf(config),
        hardware: { gpu: { memory_gib: config.hardware.gpu_memory_gb } },
        engine_formulas: {
          // A level that train.checkpointing says too need not be said twice.
          checkpointing_level: level === LEVELS[checkpointing] ? null : level,
          largest_layer_parameters: largest_layer_params,
        },
      },
      understood: understood(config, gpus),
      assumed: [...assumed, ...assumptions(config, gpus)],
      ignored: ignored(config),
    },
  };
}

/** Whether a JSON value looks like one of the calculator's configurations. */
export function isCalculatorConfig(input: unknown): boolean {
  if (typeof input !== "object" || input === null) return false;
  const { model } = input as { model?: unknown };
  return ["training", "parallelism"].some((key) => key in input) ||
    (typeof model === "object" && model !== null &&
      ["num_parameters", "num_layers"].some((key) => key in model));
}

/** Fields of a scenario, and where a configuration says them. */
const PATHS: readonly (readonly [scenario: string, config: string])[] = [
  ["parallel.gpus", "hardware.num_gpus"],
  ["parallel.tp", "parallelism.tensor_parallel_size"],
  ["parallel.pp", "parallelism.pipeline_parallel_size"],
  ["train.micro_batch", "training.batch_size"],
  ["train.sequence_length", "model.max_seq_len"],
  ["model.dims.attention_heads", "model.num_attention_heads"],
  ["model.dims.layers", "model.num_layers"],
];

/** Problems of the scenario in the words of the file that it was read from. */
export function inConfigWords(problems: readonly Problem[]): Problem[] {
  return problems.map(({ path, message }) => {
    const known = PATHS.find(([scenario]) => scenario === path);
    if (!known) return { path, message };
    return { path: known[1], message: message.replace(known[0], known[1]) };
  });
}

/** The calculator's levels between none and full save part of a layer. */
function checkpointingOf(level: number): keyof typeof LEVELS {
  if (level === LEVELS.none) return "none";
  return level === LEVELS.full ? "full" : "selective";
}

function gpusOf({ hardware, parallelism }: CalculatorConfig): number {
  const { tensor_parallel_size: tp, pipeline_parallel_size: pp } = parallelism;
  return hardware.num_gpus ?? tp * pp * (parallelism.data_parallel_size ?? 1);
}

function typesOf(
  { training }: CalculatorConfig,
): Pick<ScenarioInput, "precision" | "quantization" | "optimizer"> {
  const dtype = DTYPE_NAMES[training.dtype];
  return {
    ...("quantized" in dtype
      ? { quantization: { weights: dtype.quantized } }
      : { precision: { weights: dtype.weights } }),
    optimizer: OPTIMIZER_NAMES[training.optimizer],
  };
}

/** DeepSpeed's stage under Megatron where none is given. */
const MEGATRON_STAGE = 2;

function engineOf(
  { engine }: CalculatorConfig,
): NonNullable<ScenarioInput["engine"]> {
  const name = ENGINE_NAMES[engine.type];
  switch (name) {
    case "deepspeed":
    case "megatron-deepspeed":
      return {
        name,
        zero_stage: engine.zero_stage ??
          (name === "deepspeed" ? 0 : MEGATRON_STAGE),
        offload_optimizer: engine.offload_optimizer,
        offload_parameters: engine.offload_param,
      };
    case "fsdp":
      return {
        name,
        sharding: SHARDING_NAMES[engine.sharding_strategy ?? "full_shard"],
      };
    case "megatron":
      return {
        name,
        distributed_optimizer: engine.use_distributed_optimizer ?? false,
      };
    case "ddp":
      return { name };
  }
}

function understood(config: CalculatorConfig, gpus: number): string[] {
  const { model, training, parallelism, engine, hardware } = config;
  const moe = model.moe_enabled
    ? `, ${model.num_experts} experts of which ${model.top_k} run`
    : "";
  const split = [
    ["tp", parallelism.tensor_parallel_size],
    ["pp", parallelism.pipeline_parallel_size],
  ].filter(([, ways]) => ways !== 1).map(([name, ways]) => `, ${name} ${ways}`);
  return [
    `model: ${model.name}, ${
      formatCount(model.num_parameters)
    } parameters, ${model.num_layers} layers × ${model.hidden_size}, ${model.num_attention_heads} heads, vocabulary ${
      groupDigits(model.vocab_size)
    }${moe}`,
    `training: ${training.batch_size} × ${
      groupDigits(model.max_seq_len)
    } tokens per GPU, ${training.gradient_accumulation_steps} to a step, ${training.dtype}, ${training.optimizer}, activation checkpointing level ${training.activation_checkpointing}`,
    `parallelism: ${gpus} GPUs${split.join("")}${
      parallelism.sequence_parallel ? ", sequence parallel" : ""
    }`,
    `engine: ${engine.type}${engineWords(config)}`,
    `hardware: ${gpus} × ${hardware.gpu_memory_gb} GiB`,
  ];
}

function engineWords({ engine }: CalculatorConfig): string {
  const name = ENGINE_NAMES[engine.type];
  if (name === "fsdp") return `, ${engine.sharding_strategy ?? "full_shard"}`;
  if (!name.endsWith("deepspeed")) return "";
  return [
    ...(engine.zero_stage === null ? [] : [`ZeRO-${engine.zero_stage}`]),
    ...(engine.offload_optimizer === "none"
      ? []
      : [`optimizer on ${engine.offload_optimizer}`]),
    ...(engine.offload_param === "none"
      ? []
      : [`parameters on ${engine.offload_param}`]),
  ].map((word) => `, ${word}`).join("");
}

function assumptions(config: CalculatorConfig, gpus: number): string[] {
  const { training, parallelism, engine, hardware } = config;
  const name = ENGINE_NAMES[engine.type];
  const level = training.activation_checkpointing;
  const said: string[] = [];
  if (checkpointingOf(level) === "selective") {
    said.push(
      `training.activation_checkpointing = ${level} is selective checkpointing; engine-formulas takes the level itself`,
    );
  }
  if (hardware.num_gpus === null) {
    said.push(`hardware.num_gpus is not given: tp × pp × dp = ${gpus}`);
  } else {
    const { tensor_parallel_size: tp, pipeline_parallel_size: pp } =
      parallelism;
    const dp = parallelism.data_parallel_size;
    if (dp !== null && dp !== gpus / (tp * pp)) {
      said.push(
        `parallelism.data_parallel_size = ${dp} is not num_gpus ÷ tp ÷ pp: ${gpus} GPUs make ${
          Number((gpus / (tp * pp)).toFixed(2))
        } replicas`,
      );
    }
  }
  if (engine.zero_stage === null && name === "deepspeed") {
    said.push("engine.zero_stage is not given: stage 0, which shards nothing");
  }
  if (engine.zero_stage === null && name === "megatron-deepspeed") {
    said.push(
      `engine.zero_stage is not given: stage ${MEGATRON_STAGE}, the calculator's own`,
    );
  }
  if (name === "fsdp" && engine.sharding_strategy === null) {
    said.push("engine.sharding_strategy is not given: full_shard");
  }
  if (name === "megatron" && engine.use_distributed_optimizer === null) {
    said.push(
      "No distributed optimizer: the calculator splits Megatron's optimizer states by tp alone",
    );
  }
  if (training.optimizer === "sgd") {
    said.push("training.optimizer = sgd is SGD with momentum");
  }
  said.push(
    `hardware.gpu_memory_gb = ${hardware.gpu_memory_gb} is GiB that a program may use; a GPU of that label has less (--gpu names one)`,
  );
  return said;
}

function ignored({ model, engine, hardware }: CalculatorConfig): string[] {
  const name = ENGINE_NAMES[engine.type];
  const deepspeed = name.endsWith("deepspeed");
  const type = `engine.type is ${engine.type}`;
  const said: string[] = [];
  const leave = (holds: boolean, path: string, why: string): void => {
    if (holds) said.push(`${path}: ${why}`);
  };
  leave(
    !deepspeed && (engine.zero_stage ?? 0) > 0,
    `engine.zero_stage = ${engine.zero_stage}`,
    type,
  );
  for (const field of ["offload_optimizer", "offload_param"] as const) {
    leave(
      !deepspeed && engine[field] !== "none",
      `engine.${field} = ${engine[field]}`,
      type,
    );
  }
  leave(
    name !== "fsdp" && engine.sharding_strategy !== null,
    `engine.sharding_strategy = ${engine.sharding_strategy}`,
    type,
  );
  leave(
    name !== "megatron" && engine.use_distributed_optimizer === true,
    "engine.use_distributed_optimizer = true",
    type,
  );
  leave(
    engine.zero_init !== null,
    `engine.zero_init = ${engine.zero_init}`,
    "it changes how weights are loaded, not what stands while training",
  );
  leave(
    hardware.total_gpu_memory_gb !== null,
    `hardware.total_gpu_memory_gb = ${hardware.total_gpu_memory_gb}`,
    "num_gpus × gpu_memory_gb say it",
  );
  leave(
    !model.moe_enabled &&
      (model.expert_intermediate_size ??
          model.shared_expert_intermediate_size) !== null,
    "model.expert_intermediate_size and its kin",
    "moe_enabled is false",
  );
  return said;
}
