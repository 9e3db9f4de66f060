import type { Scenario } from "../../scenario/schema.ts";
import { DraftBuilder, replicasOf } from "../writing/draft_builder.ts";
import type { ConfigurationDraft, ExportFormat } from "../writing/exported.ts";
import { settingsOf } from "../writing/engine_settings.ts";
import { deepspeedOptimizer } from "../writing/optimizer_words.ts";

/** Where DeepSpeed's own learning rate stands: the launcher knows it, we do not. */
const LEARNING_RATE = 2e-5;

/** DeepSpeed's JSON, with its batches. */
export const deepspeedExport: ExportFormat = {
  id: "deepspeed",
  title: "DeepSpeed",
  file: "ds_config.json",
  syntax: "json",
  refuses: ({ task, engine }) =>
    task === "serve"
      ? "task must be train: DeepSpeed's file configures training"
      : ["auto", "deepspeed", "single", "ddp"].includes(engine.name)
      ? null
      : `engine.name must be deepspeed: current value is "${engine.name}"`,
  draft: (scenario) => {
    const { train, parallel, optimizer } = scenario;
    const builder = new DraftBuilder();
    builder
      .put(
        "train_batch_size",
        train.micro_batch * train.gradient_accumulation * replicasOf(scenario),
      )
      .put(
        "train_micro_batch_size_per_gpu",
        train.micro_batch,
        "train.micro_batch",
      )
      .put(
        "gradient_accumulation_steps",
        train.gradient_accumulation,
        "train.gradient_accumulation",
      );
    // The stages of a pipeline are the program's own: they are not counted here.
    if (parallel.pp === 1) builder.says("parallel.gpus");
    const engine = engineValues(scenario);
    Object.assign(builder.values, engine.values);
    builder.says(...engine.says);
    for (const note of engine.notes) builder.note(note);
    const type = deepspeedOptimizer(optimizer);
    if (type) {
      builder.put(
        "optimizer",
        {
          type,
          params: {
            lr: LEARNING_RATE,
            // Its Adam decays as AdamW does unless it is told not to.
            ...(type === "Adam" ? { adam_w_mode: false } : {}),
          },
        },
        "optimizer.name",
        "optimizer.bits",
        "optimizer.paged",
        "optimizer.in_backward",
      ).note("optimizer.params.lr is an example: put your own there");
      // DeepSpeed's Adam is its own fused kernel.
      if (optimizer.implementation === "auto") {
        builder.says("optimizer.implementation");
      }
    } else {
      builder.put("zero_allow_untested_optimizer", true)
        .note(`optimizer ${optimizer.name}: pass it to deepspeed.initialize`);
    }
    if (parallel.tp > 1) {
      builder.put(
        "tensor_parallel",
        { autotp_size: parallel.tp },
        "parallel.tp",
      );
    } else builder.says("parallel.tp");
    if (parallel.cp > 1) {
      builder.put("sequence_parallel_size", parallel.cp, "parallel.cp")
        .note("parallel.cp becomes Ulysses' sequence_parallel_size");
      if (parallel.cp_kind === "ulysses") builder.says("parallel.cp_kind");
    } else builder.says("parallel.cp");
    return builder.build();
  },
};

/** What DeepSpeed's engine is told, whoever starts it. */
export function engineValues(scenario: Scenario): ConfigurationDraft {
  const { engine, precision } = scenario;
  const builder = new DraftBuilder();
  if (engine.name === "deepspeed") builder.says("engine.name");
  else {
    builder.note(
      `engine.name is ${engine.name}: DeepSpeed runs it at stage ${engine.zero_stage}`,
    );
  }
  const { grad_accum_dtype: accumulated, ...settings } = settingsOf(
    scenario,
    "deepspeed",
    builder,
  );
  const zero: Record<string, unknown> = {
    stage: engine.zero_stage,
    ...settings,
  };
  if (engine.gradient_clipping !== null) {
    builder.put(
      "gradient_clipping",
      engine.gradient_clipping ? 1 : 0,
      "engine.gradient_clipping",
    );
  }
  if (engine.offload_optimizer !== "none") {
    zero["offload_optimizer"] = offloadTo(engine.offload_optimizer, builder);
  }
  if (engine.offload_parameters !== "none") {
    zero["offload_param"] = offloadTo(engine.offload_parameters, builder);
  }
  if (engine.zero_stage === 3 && scenario.train.saving.gathers === "host") {
    zero["stage3_gather_16bit_weights_on_model_save"] = true;
    builder.says("train.saving.gathers");
  }
  builder.put(
    "zero_optimization",
    zero,
    "engine.zero_stage",
    "engine.offload_optimizer",
    "engine.offload_parameters",
  );
  switch (precision.weights) {
    case "bf16": {
      const bf16: Record<string, unknown> = { enabled: true };
      if (precision.master_weights === "none") {
        bf16["bf16_master_weights_and_grads"] = true;
      }
      if (precision.optimizer_states === "bf16") {
        bf16["bf16_optimizer_states"] = true;
      }
      builder.put("bf16", bf16, "precision.weights");
      if (precision.master_weights !== "fp32") {
        builder.says("precision.master_weights");
      }
      if (precision.optimizer_states !== "fp32") {
        builder.says("precision.optimizer_states");
      }
      break;
    }
    case "fp16":
      builder.put("fp16", { enabled: true }, "precision.weights");
      break;
    case "fp32":
      if (precision.autocast) {
        builder.put(
          "torch_autocast",
          {
            enabled: true,
            dtype: precision.autocast === "bf16" ? "bfloat16" : "float16",
          },
          "precision.weights",
          "precision.autocast",
        );
      }
  }
  if (precision.autocast === null) builder.says("precision.autocast");
  if (precision.gradients === "fp32" || accumulated !== undefined) {
    builder.put("data_types", { grad_accum_dtype: accumulated ?? "fp32" });
  }
  // A type of its own for what accumulates decides the gradients' as well.
  if (
    accumulated === undefined ||
    (accumulated === "fp32") === (precision.gradients === "fp32")
  ) builder.says("precision.gradients");
  return builder.build();
}

function offloadTo(
  device: string,
  builder: DraftBuilder,
): Record<string, unknown> {
  if (device !== "nvme") return { device, pin_memory: true };
  builder.note("nvme_path is an example: put your own there");
  return { device, nvme_path: "/local_nvme", pin_memory: true };
}
