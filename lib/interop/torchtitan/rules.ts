import type { Draft, FileSetting } from "../reading/draft.ts";
import type { FileSettings, Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { counted, countOf, switched, switchOf } from "../reading/rules.ts";
import { readCount, readType } from "../reading/values.ts";
import { offloadedRule, replicatesRule } from "../reading/vocabulary/fsdp.ts";
import { stateOptimizer } from "../reading/vocabulary/optimizer_names.ts";
import { stateModel } from "../reading/vocabulary/model.ts";
import { TITAN_MODELS } from "./models.ts";

/** The degrees whose product is the number of GPUs: config/configs.py. */
const DEGREES = [
  "data_parallel_replicate_degree",
  "data_parallel_shard_degree",
  "tensor_parallel_degree",
  "pipeline_parallel_degree",
  "context_parallel_degree",
] as const;

/** GPUs by all degrees, where none is left to what there is. */
export function gpusByDegrees(all: FileSettings): number | null {
  let product = 1;
  for (const degree of DEGREES) {
    const usual = degree === "data_parallel_shard_degree" ? -1 : 1;
    const size = readCount(all.get(`parallelism.${degree}`) ?? usual);
    if (size === null) return null;
    product *= size;
  }
  return product;
}

/** States the model by its family and flavor. */
function stateFlavor(
  setting: FileSetting,
  draft: Draft,
  all: FileSettings,
): void {
  const [family, flavor] = ["name", "flavor"].map((part) =>
    plainText(all.get(`model.${part}`) ?? "")
  );
  const known = `${family}/${flavor}`;
  if (Object.hasOwn(TITAN_MODELS, known)) {
    draft.state(setting, "model", TITAN_MODELS[known]);
    return;
  }
  draft.want({
    kind: "field",
    name: "model",
    paths: ["model"],
    key: "model.flavor",
    reason: `model ${known} of torchtitan has no name on the Hub: give model`,
  });
}

/** What torchtitan's settings decide, in files and as flags. */
export const TITAN_RULES: readonly Rule[] = [
  {
    keys: ["model.flavor"],
    fields: ["model"],
    values: "with model.name: llama3 8B → meta-llama/Llama-3.1-8B …",
    read: stateFlavor,
  },
  {
    keys: ["model.name"],
    fields: ["model"],
    values: "with model.flavor",
    read: (setting, draft, all) => {
      if (!all.has("model.flavor")) {
        draft.leave(setting, "model.flavor is not given", true);
      }
    },
  },
  {
    keys: ["model.hf_assets_path"],
    fields: ["model"],
    values: "the folder's name, where no flavor is given",
    read: (setting, draft, all) => {
      if (all.has("model.flavor")) {
        draft.leave(setting, "model.flavor says the model");
      } else stateModel(setting, draft);
    },
  },
  {
    keys: ["loss.chunked"],
    fields: ["train.loss"],
    values: "ChunkedCELoss → chunked",
    read: (setting, draft) => draft.state(setting, "train.loss", "chunked"),
  },
  counted(
    ["training.local_batch_size", "training.batch_size"],
    "train.micro_batch",
  ),
  {
    keys: ["training.global_batch_size"],
    fields: ["train.gradient_accumulation"],
    values: "-1 → no accumulation",
    read: (setting, draft) => {
      const count = readCount(setting.value);
      if (count === null) draft.leave(setting, "no accumulation");
      else draft.fact(setting, "global_batch", count);
    },
  },
  counted(
    ["training.seq_len", "training.max_context_length"],
    "train.sequence_length",
  ),
  {
    keys: ["training.dtype"],
    fields: ["precision.weights"],
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (type) draft.state(setting, "precision.weights", type);
      else draft.refuse(setting, "must be float32 or bfloat16");
    },
  },
  {
    keys: ["training.mixed_precision_param"],
    fields: ["precision.autocast"],
    values: "bfloat16 → bf16, float32 → none",
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (type === "bf16" || type === "fp16") {
        draft.state(setting, "precision.autocast", type);
      } else if (type === "fp32") {
        draft.state(setting, "precision.autocast", null);
      } else draft.refuse(setting, "must be bfloat16 or float32");
    },
  },
  {
    keys: ["training.mixed_precision_reduce"],
    fields: ["engine.reduce_dtype"],
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (type) draft.state(setting, "engine.reduce_dtype", type);
      else draft.refuse(setting, "must be float32 or bfloat16");
    },
  },
  offloadedRule("training.enable_cpu_offload"),
  replicatesRule("parallelism.data_parallel_replicate_degree"),
  {
    keys: ["parallelism.data_parallel_shard_degree"],
    fields: ["parallel.gpus"],
    values: "× the other degrees; -1 → what there is",
    read: (setting, draft, all) => {
      const gpus = gpusByDegrees(all);
      if (gpus === null) draft.leave(setting, "the GPUs that the others leave");
      else draft.state(setting, "parallel.gpus", gpus);
    },
  },
  counted("parallelism.tensor_parallel_degree", "parallel.tp"),
  counted("parallelism.pipeline_parallel_degree", "parallel.pp"),
  counted("parallelism.context_parallel_degree", "parallel.cp"),
  counted("parallelism.expert_parallel_degree", "parallel.ep"),
  counted("parallelism.expert_tensor_parallel_degree", "parallel.etp"),
  {
    keys: ["parallelism.pipeline_parallel_schedule"],
    fields: ["parallel.pipeline_schedule"],
    read: (setting, draft, all) => {
      if (
        (readCount(all.get("parallelism.pipeline_parallel_degree")) ?? 1) > 1
      ) {
        draft.state(setting, "parallel.pipeline_schedule", setting.value);
      } else draft.leave(setting, "the model is not cut into stages");
    },
  },
  {
    keys: ["parallelism.fsdp_reshard_after_forward"],
    fields: ["engine.reshard_after_forward"],
    values: "always → true, never → false, default",
    read: (setting, draft) => {
      if (setting.value === "default") {
        draft.leave(setting, "torchtitan's own, as is estimated");
      } else {
        draft.state(
          setting,
          "engine.reshard_after_forward",
          setting.value === "always",
        );
      }
    },
  },
  switched(
    ["parallelism.disable_loss_parallel", "parallelism.enable_loss_parallel"],
    "engine.loss_parallel",
    false,
    true,
  ),
  {
    keys: ["activation_checkpoint.mode"],
    fields: ["train.checkpointing"],
    values: "none, selective, full",
    read: (setting, draft) => {
      const mode = plainText(setting.value);
      if (["none", "selective", "full"].includes(mode)) {
        draft.state(setting, "train.checkpointing", mode);
      } else {draft.leave(
          setting,
          "not a way to checkpoint that Headroom knows",
          true,
        );}
    },
  },
  {
    keys: ["activation_checkpoint.selective_ac_option"],
    fields: ["train.selective"],
    values: "op, or every how many layers",
    read: (setting, draft, all) => {
      if (
        (all.get("activation_checkpoint.mode") ?? "selective") !== "selective"
      ) {
        return draft.leave(
          setting,
          "activation_checkpoint.mode is not selective",
        );
      }
      const layers = readCount(setting.value);
      draft.state(
        setting,
        "train.selective",
        layers ?? plainText(setting.value),
      );
    },
  },
  {
    keys: ["optimizer.name"],
    fields: ["optimizer.name"],
    read: (setting, draft) => stateOptimizer(setting, draft),
  },
  {
    keys: ["optimizer.implementation"],
    fields: ["optimizer.implementation"],
    values: "fused, foreach, for-loop",
    read: (setting, draft) =>
      draft.state(setting, "optimizer.implementation", setting.value),
  },
  switched(
    ["optimizer.early_step_in_backward"],
    "optimizer.in_backward",
    true,
    false,
  ),
  {
    keys: ["compile.enable", "training.compile"],
    fields: ["train.kernels"],
    values: "true → compile",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on) draft.state(setting, "train.kernels", "compile");
      else if (on === false) draft.leave(setting, "switched off");
    },
  },
  {
    keys: ["NGPU"],
    fields: ["parallel.gpus"],
    values: "of run_train.sh",
    read: (setting, draft) => {
      const count = countOf(setting, draft);
      if (count !== null) draft.state(setting, "parallel.gpus", count);
    },
  },
];
