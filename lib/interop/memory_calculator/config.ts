import { LEVELS } from "../../methods/engine_formulas/setup.ts";
import type { Result, ScenarioInput } from "../../scenario/parse_scenario.ts";
import { problemsOf } from "../../scenario/problem.ts";
import { assumedOf } from "./assumed.ts";
import { ignoredOf } from "./ignored.ts";
import { dimsOf } from "./model.ts";
import {
  checkpointingOf,
  engineFields,
  gpusOf,
  typeFields,
} from "./scenario_fields.ts";
import { configSchema } from "./schema.ts";
import { understoodOf } from "./understood.ts";

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
        ...typeFields(config),
        parallel: {
          gpus,
          tp: config.parallelism.tensor_parallel_size,
          pp: config.parallelism.pipeline_parallel_size,
          sequence_parallel: config.parallelism.sequence_parallel,
          microbatches: config.engine.num_micro_batches,
        },
        engine: engineFields(config),
        hardware: { gpu: { memory_gib: config.hardware.gpu_memory_gb } },
        engine_formulas: {
          // A level that train.checkpointing says too need not be said twice.
          checkpointing_level: level === LEVELS[checkpointing] ? null : level,
          largest_layer_parameters: largest_layer_params,
        },
      },
      understood: understoodOf(config, gpus),
      assumed: [...assumed, ...assumedOf(config, gpus)],
      ignored: ignoredOf(config),
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
