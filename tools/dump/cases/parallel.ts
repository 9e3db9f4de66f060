import type { Case, Input } from "../case.ts";
import { withFields } from "../with.ts";
import { ofConfig } from "./bases.ts";
import { scenarioCase } from "./scenario_case.ts";

const ENGINES: readonly Input[] = [
  { name: "ddp" },
  ...[0, 1, 2, 3].map((zero_stage) => ({ name: "deepspeed", zero_stage })),
  {
    name: "deepspeed",
    zero_stage: 3,
    offload_optimizer: "cpu",
    offload_parameters: "nvme",
  },
  ...["full", "grad_op", "hybrid", "none"].flatMap((sharding) => [
    { name: "fsdp", sharding },
    { name: "fsdp2", sharding },
  ]),
  { name: "fsdp2", offload_parameters: "cpu" },
  { name: "megatron" },
  { name: "megatron", distributed_optimizer: false },
  { name: "megatron-deepspeed", zero_stage: 1 },
];

const MESHES: readonly Input[] = [
  { gpus: 16 },
  { gpus: 8, tp: 2, sequence_parallel: true },
  { gpus: 16, pp: 2, microbatches: 4 },
  { gpus: 16, cp: 2 },
  { gpus: 16, tp: 2, pp: 2, ep: 2, virtual_pipeline: 1, gpus_per_node: 4 },
];

const WAYS: Readonly<Record<string, Input>> = {
  full: {},
  amp: { "precision.weights": "fp32", "precision.autocast": "fp16" },
  lora: { "train.method": "lora", "train.checkpointing": "full" },
};

/** Every engine on every mesh: memory, and what GPUs send. */
export function parallelCases(): Case[] {
  return ["llama", "moe"].flatMap((name) =>
    Object.entries(WAYS).flatMap(([way, fields]) =>
      ENGINES.flatMap((engine) =>
        MESHES.map((parallel) =>
          scenarioCase(
            `parallel ${name} ${way} ${JSON.stringify({ engine, parallel })}`,
            withFields(ofConfig(name), { ...fields, engine, parallel }),
          )
        )
      )
    )
  );
}
