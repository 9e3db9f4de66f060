import { formatCount, groupDigits } from "../../units/mod.ts";
import type { CalculatorConfig } from "./schema.ts";
import { ENGINE_NAMES } from "./schema.ts";

/** What a configuration says, section by section. */
export function understoodOf(config: CalculatorConfig, gpus: number): string[] {
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
