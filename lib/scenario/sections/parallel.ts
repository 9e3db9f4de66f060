import { z } from "zod";
import { field } from "../about.ts";
import { count, flag, someNames } from "../fields.ts";
import { MAX_DEVICES, MAX_LAYERS, MAX_SEQUENCES } from "../limits.ts";
import * as when from "../when.ts";

const perNode = [{
  any: [
    [{ path: "engine.offload_optimizer", not: ["none"] }],
    [{ path: "engine.offload_parameters", not: ["none"] }],
    [when.fsdp, { path: "engine.sharding", is: ["hybrid"] }],
  ],
  because: "nothing is sharded by node",
}] as const;

const staged = {
  group: "ranks",
  blank: "even",
  needs: [when.toTrain, when.piped],
} as const;

/** How the work is spread over GPUs. */
export const parallel = z.strictObject({
  gpus: field(count(1, MAX_DEVICES).default(1), {
    label: "GPUs in all",
    group: "mesh",
    help: "in all; replicas = gpus ÷ (tp × pp × cp), which has to divide",
    hint: "Replicas = GPUs ÷ (tp × pp × cp)",
    flag: {
      name: "--gpus",
      value: "<n>",
      help: "GPUs in all; --dp counts replicas instead",
    },
  }),
  gpus_per_node: field(count(1, 65_536).default(8), {
    label: "GPUs per node",
    group: "mesh",
    needs: perNode,
  }),
  tp: field(count(1, MAX_DEVICES).default(1), {
    label: "Tensor parallel",
    group: "mesh",
    help: "tensor parallel; has to divide the attention heads",
    flag: { name: "--tp", value: "<n>", help: "tensor-parallel size (1)" },
  }),
  pp: field(count(1, MAX_DEVICES).default(1), {
    label: "Pipeline parallel",
    group: "mesh",
    help: "pipeline stages",
    flag: { name: "--pp", value: "<n>", help: "pipeline stages (1)" },
  }),
  cp: field(count(1, MAX_DEVICES).default(1), {
    label: "Context parallel",
    group: "mesh",
    help: "context parallel",
  }),
  ep: field(count(1, MAX_DEVICES).default(1), {
    label: "Expert parallel",
    group: "mesh",
    help: "expert parallel; has to divide the experts",
  }),
  sequence_parallel: field(flag().default(false), {
    label: "Sequence parallel",
    group: "mesh",
    needs: [when.toTrain],
  }),
  virtual_pipeline: field(count(1, MAX_LAYERS).default(1), {
    label: "Virtual stages",
    group: "mesh",
    needs: [when.toTrain],
  }),
  microbatches: field(count(1, MAX_SEQUENCES).nullable().default(null), {
    label: "Microbatches in flight",
    group: "mesh",
    blank: "auto",
    needs: [when.toTrain],
  }),
  etp: field(count(1, MAX_DEVICES).nullable().default(null), {
    label: "Tensor parallel of experts",
    group: "ranks",
    help: "Megatron: tensor parallel size of experts; null: as `parallel.tp`",
    blank: "as tensor parallel",
    flag: "--etp",
    needs: [when.megatron],
  }),
  dp_replicate: field(count(1, MAX_DEVICES).nullable().default(null), {
    label: "Replicas of shards (HSDP)",
    group: "ranks",
    help: "FSDP: groups of GPUs that each hold all shards",
    blank: "by sharding",
    flag: "--dp-replicate",
    needs: [when.toTrain, when.fsdp],
  }),
  cp_kind: field(z.enum(["ring", "ulysses"]).nullable().default(null), {
    label: "Context parallel by",
    group: "ranks",
    help: "`ring` (keys and values travel) or `ulysses` (heads are exchanged)",
    blank: "as the engine",
    flag: "--cp-kind",
    needs: [{ path: "parallel.cp", not: [1] }],
  }),
  layers_of_first_stage: field(
    count(0, MAX_LAYERS).nullable().default(null),
    {
      ...staged,
      label: "Layers of the first stage",
      help: "layers of the first pipeline stage; null: an even share",
      flag: "--layers-of-first-stage",
    },
  ),
  layers_of_last_stage: field(count(0, MAX_LAYERS).nullable().default(null), {
    ...staged,
    label: "Layers of the last stage",
    help: "layers of the last pipeline stage; null: an even share",
    flag: "--layers-of-last-stage",
  }),
  split_points: field(someNames(MAX_LAYERS).nullable().default(null), {
    ...staged,
    label: "Stages begin at",
    help: "torchtitan: modules that later stages begin with: `layers.8` …",
    flag: "--split-points",
  }),
  pipeline_schedule: field(
    z.enum([
      "1F1B",
      "GPipe",
      "Interleaved1F1B",
      "LoopedBFS",
      "InterleavedZeroBubble",
      "ZBVZeroBubble",
      "DualPipeV",
    ]).nullable().default(null),
    {
      ...staged,
      label: "Pipeline schedule",
      help:
        "as torch.distributed.pipelining names them: `1F1B`, `GPipe`, `Interleaved1F1B` …",
      blank: "as the engine",
      flag: "--pipeline-schedule",
    },
  ),
  rank: field(count(0, MAX_DEVICES - 1).nullable().default(null), {
    label: "Rank that is answered for",
    group: "ranks",
    help:
      "whose memory the answer is, a global rank (tp fastest, then cp, ep, dp, pp); null: the most loaded one's",
    blank: "the most loaded",
    flag: "--global-rank",
  }),
});
