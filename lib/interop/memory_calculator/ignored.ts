import type { CalculatorConfig } from "./schema.ts";
import { ENGINE_NAMES } from "./schema.ts";

/** Fields that change nothing under the engine chosen, and why. */
export function ignoredOf(
  { model, engine, hardware }: CalculatorConfig,
): string[] {
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
