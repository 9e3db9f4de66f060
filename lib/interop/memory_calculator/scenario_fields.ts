import { LEVELS } from "../../methods/engine_formulas/setup.ts";
import type { ScenarioInput } from "../../scenario/parse_scenario.ts";
import type { CalculatorConfig } from "./schema.ts";
import {
  DTYPE_NAMES,
  ENGINE_NAMES,
  OPTIMIZER_NAMES,
  SHARDING_NAMES,
} from "./schema.ts";

/** The calculator's levels between none and full save part of a layer. */
export function checkpointingOf(level: number): keyof typeof LEVELS {
  if (level === LEVELS.none) return "none";
  return level === LEVELS.full ? "full" : "selective";
}

/** All GPUs: as given, or as the ways of parallelism multiply to. */
export function gpusOf({ hardware, parallelism }: CalculatorConfig): number {
  const { tensor_parallel_size: tp, pipeline_parallel_size: pp } = parallelism;
  return hardware.num_gpus ?? tp * pp * (parallelism.data_parallel_size ?? 1);
}

/** Types of weights, and the optimizer. */
export function typeFields(
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
export const MEGATRON_STAGE = 2;

/** The engine, and what it shards and offloads. */
export function engineFields(
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
