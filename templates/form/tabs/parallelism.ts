import type { Tab } from "./tab.ts";

/** How the work is spread over GPUs. */
export const parallelism: Tab = {
  id: "parallelism",
  title: "Parallelism",
  groups: [
    {
      title: "Mesh",
      controls: [
        {
          path: "parallel.gpus",
          label: "GPUs in all",
          hint: "Replicas = GPUs ÷ (tp × pp × cp)",
        },
        { path: "parallel.gpus_per_node", label: "GPUs per node" },
        { path: "parallel.tp", label: "Tensor parallel" },
        { path: "parallel.pp", label: "Pipeline parallel" },
        { path: "parallel.cp", label: "Context parallel" },
        { path: "parallel.ep", label: "Expert parallel" },
        { path: "parallel.virtual_pipeline", label: "Virtual stages" },
        {
          path: "parallel.microbatches",
          label: "Microbatches in flight",
          blank: "auto",
        },
        { path: "parallel.sequence_parallel", label: "Sequence parallel" },
      ],
    },
    {
      title: "Engine",
      controls: [
        { path: "engine.name", label: "Engine" },
        {
          path: "engine.zero_stage",
          label: "ZeRO stage",
          options: ["0", "1", "2", "3"],
          hint: "DeepSpeed",
        },
        { path: "engine.sharding", label: "Sharding", hint: "FSDP" },
        { path: "engine.offload_optimizer", label: "Offload optimizer" },
        { path: "engine.offload_parameters", label: "Offload parameters" },
        {
          path: "engine.distributed_optimizer",
          label: "Distributed optimizer",
          hint: "Megatron",
        },
      ],
    },
  ],
};
