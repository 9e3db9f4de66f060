import { checkpointingOf, MEGATRON_STAGE } from "./scenario_fields.ts";
import type { CalculatorConfig } from "./schema.ts";
import { ENGINE_NAMES } from "./schema.ts";

/** What a configuration leaves open, and how that is settled. */
export function assumedOf(
  config: CalculatorConfig,
  gpus: number,
): string[] {
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
