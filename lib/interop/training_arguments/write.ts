import { DraftBuilder, engineNameOf } from "../writing/draft_builder.ts";
import type { ExportFormat } from "../writing/exported.ts";
import { trainerOptimizer } from "../writing/optimizer_words.ts";
import { putTrainerEngine } from "./engine_values.ts";

/** transformers' TrainingArguments, as `HfArgumentParser.parse_json_file` reads them. */
export const trainingArgumentsExport: ExportFormat = {
  id: "training-arguments",
  title: "TrainingArguments",
  file: "training_args.json",
  syntax: "json",
  refuses: (scenario) => {
    if (scenario.task === "serve") {
      return "task must be train: TrainingArguments configure training";
    }
    const engine = engineNameOf(scenario);
    return engine.startsWith("megatron")
      ? `engine.name must not be of Megatron-LM: current value is "${engine}"`
      : null;
  },
  draft: (scenario) => {
    const { train, optimizer, precision } = scenario;
    const builder = new DraftBuilder();
    builder.put("output_dir", "output")
      .put(
        "per_device_train_batch_size",
        train.micro_batch,
        "train.micro_batch",
      )
      .put(
        "gradient_accumulation_steps",
        train.gradient_accumulation,
        "train.gradient_accumulation",
      );
    const deepspeed = engineNameOf(scenario) === "deepspeed";
    const mixed = deepspeed ? precision.weights : precision.autocast;
    builder.put("bf16", mixed === "bf16").put("fp16", mixed === "fp16");
    if (!deepspeed) builder.says("precision.autocast");
    builder.put(
      "gradient_checkpointing",
      train.checkpointing !== "none",
    );
    if (train.checkpointing !== "selective") {
      builder.says("train.checkpointing");
    } else {
      builder.note(
        "train.checkpointing selective: the Trainer checkpoints every layer",
      );
    }
    if (train.activation_offloading === "streams") {
      builder.put("activation_offloading", true, "train.activation_offloading")
        .note("activation_offloading is a setting of TRL's SFTConfig");
    }
    const name = trainerOptimizer(optimizer);
    if (name) {
      builder.put(
        "optim",
        name,
        "optimizer.name",
        "optimizer.bits",
        "optimizer.paged",
        "optimizer.in_backward",
      );
      if (
        optimizer.implementation === "fused" ||
        optimizer.implementation === "auto"
      ) builder.says("optimizer.implementation");
    } else {
      builder.note(
        `optimizer ${optimizer.name}: pass it to the Trainer as optimizers`,
      );
    }
    builder.put("torch_compile", train.kernels === "compile");
    builder.put(
      "use_liger_kernel",
      train.kernels === "liger" || train.loss === "fused",
    );
    if (train.kernels === "liger" && train.loss === "full") {
      builder.put("liger_kernel_config", {
        fused_linear_cross_entropy: false,
        cross_entropy: false,
      });
    }
    if (train.kernels === "liger" && train.loss !== "chunked") {
      builder.says("train.kernels", "train.loss");
    } else if (train.kernels !== "liger" && train.loss === "full") {
      builder.says("train.kernels", "train.loss");
    } else if (train.loss === "fused") {
      builder.note(
        "train.loss fused alone: Liger's other kernels come with it",
      );
    }
    putTrainerEngine(scenario, builder);
    builder.note(
      "the model, adapters, quantisation and sequence length are arguments of from_pretrained, PEFT and the data's collator",
    );
    return builder.build();
  },
};
