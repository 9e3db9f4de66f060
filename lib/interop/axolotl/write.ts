import { namedFormat } from "../../scenario/weight_format.ts";
import { findModel } from "../../models/catalogue.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { putTrainerEngine } from "../training_arguments/engine_values.ts";
import {
  DraftBuilder,
  engineNameOf,
  replicasOf,
} from "../writing/draft_builder.ts";
import type { ExportFormat } from "../writing/exported.ts";
import { axolotlOptimizer } from "../writing/optimizer_words.ts";

const ATTENTION = {
  flash: "flash_attention_2",
  sdpa: "sdpa",
  eager: "eager",
} as const;

/** Axolotl's YAML. */
export const axolotlExport: ExportFormat = {
  id: "axolotl",
  title: "Axolotl",
  file: "axolotl.yaml",
  syntax: "yaml",
  refuses: (scenario) => {
    if (scenario.task === "serve") {
      return "task must be train: Axolotl trains";
    }
    if (typeof scenario.model !== "string") {
      return "model must be a name: Axolotl loads a checkpoint";
    }
    const engine = engineNameOf(scenario);
    return engine.startsWith("megatron")
      ? `engine.name must not be of Megatron-LM: current value is "${engine}"`
      : null;
  },
  draft: (scenario) => {
    const { train, parallel } = scenario;
    const builder = new DraftBuilder();
    const { model } = scenario;
    const id = typeof model === "string" ? findModel(model)?.id ?? model : "";
    builder.put("base_model", id);
    // A short name becomes the Hub's.
    if (id === model || findModel(id)?.id === id) builder.says("model");
    putMethod(scenario, builder);
    builder
      .put("datasets", [{ path: "your/dataset", type: "alpaca" }])
      .note("datasets, learning_rate and num_epochs are examples: put your own")
      .put("output_dir", "./outputs")
      .put("sequence_len", train.sequence_length, "train.sequence_length")
      .put("micro_batch_size", train.micro_batch, "train.micro_batch")
      .put(
        "gradient_accumulation_steps",
        train.gradient_accumulation,
        "train.gradient_accumulation",
      )
      .put("num_epochs", 1)
      .put("learning_rate", 2e-4);
    putPrecision(scenario, builder);
    if (train.checkpointing === "selective") {
      builder.put("gradient_checkpointing", true)
        .note("train.checkpointing selective becomes every layer's");
    } else {
      const offload = train.checkpointing === "full" &&
        train.checkpoint_offload;
      builder.put(
        "gradient_checkpointing",
        offload ? "offload" : train.checkpointing === "full",
        "train.checkpointing",
      );
      if (train.checkpointing === "full" || !train.checkpoint_offload) {
        builder.says("train.checkpoint_offload");
      }
    }
    const away = train.activation_offloading;
    if (away !== "none") {
      builder.put(
        "activation_offloading",
        away === "sync" ? "legacy" : true,
        "train.activation_offloading",
      );
    }
    if (typeof train.mlp_tiles === "number") {
      builder.put("tiled_mlp", true)
        .put("tiled_mlp_num_shards", train.mlp_tiles, "train.mlp_tiles");
    }
    builder.put(
      "attn_implementation",
      ATTENTION[train.attention],
      "train.attention",
    );
    const name = axolotlOptimizer(scenario.optimizer);
    if (name) {
      builder.put(
        "optimizer",
        name,
        "optimizer.name",
        "optimizer.bits",
        "optimizer.paged",
        "optimizer.in_backward",
      );
      if (["auto", "fused"].includes(scenario.optimizer.implementation)) {
        builder.says("optimizer.implementation");
      }
    } else {
      builder.note(`optimizer ${scenario.optimizer.name}: Axolotl has no name`);
    }
    putKernels(scenario, builder);
    putTrainerEngine(scenario, builder);
    if (parallel.tp > 1) {
      builder.put("tensor_parallel_size", parallel.tp);
    }
    if (parallel.cp > 1) {
      builder.put("context_parallel_size", parallel.cp);
    }
    builder.says("parallel.tp", "parallel.cp");
    if (engineNameOf(scenario).startsWith("fsdp") && parallel.pp === 1) {
      const groups = parallel.dp_replicate ?? 1;
      const shards = replicasOf(scenario) / groups;
      if (groups > 1 && Number.isInteger(shards)) {
        builder.put("dp_replicate_size", groups, "parallel.dp_replicate")
          .put("dp_shard_size", shards, "parallel.gpus");
      } else {
        builder.put("dp_shard_size", replicasOf(scenario), "parallel.gpus");
      }
    }
    return builder.build();
  },
};

function putMethod(
  { train, quantization }: Scenario,
  builder: DraftBuilder,
): void {
  const { method, lora } = train;
  if (method === "full") {
    builder.says("train.method");
    if (train.trainable !== "all") {
      builder.note("train.trainable: name the tensors in unfrozen_parameters");
    }
    return;
  }
  const weights = method === "qlora" && quantization.weights === "none"
    ? "nf4"
    : namedFormat({ quantization });
  // Axolotl's qlora is LoRA over 4-bit weights of bitsandbytes.
  const fourBits = ["nf4", "nf4-dq", "gptq-int4"].includes(weights);
  builder.put("adapter", weights.startsWith("nf4") ? "qlora" : "lora");
  if (fourBits === (method === "qlora")) builder.says("train.method");
  switch (weights) {
    case "nf4":
    case "nf4-dq":
      builder.put("load_in_4bit", true);
      builder.put("bnb_config_kwargs", {
        bnb_4bit_use_double_quant: weights === "nf4-dq",
      });
      if (weights === quantization.weights) {
        builder.says("quantization.weights");
      }
      break;
    case "int8":
      builder.put("load_in_8bit", true, "quantization.weights");
      break;
    case "gptq-int4":
      builder.put("gptq", true, "quantization.weights");
      break;
    case "none":
      builder.says("quantization.weights");
      break;
    default:
      builder.note(
        `quantization.weights ${weights}: give a checkpoint that is so packed`,
      );
  }
  builder.put("lora_r", lora.rank, "train.lora.rank")
    .put("lora_alpha", lora.alpha, "train.lora.alpha")
    .put("lora_dropout", lora.dropout, "train.lora.dropout");
  if (lora.targets === "all-linear") {
    builder.put("lora_target_linear", true, "train.lora.targets");
  } else if (lora.targets !== "default") {
    builder.put("lora_target_modules", lora.targets, "train.lora.targets");
  } else {
    builder.note(
      "train.lora.targets default: Axolotl wants lora_target_modules, PEFT's default is not said",
    );
  }
  if (lora.target_parameters.length > 0) {
    builder.put("lora_target_parameters", lora.target_parameters);
  }
  if (lora.modules_to_save.length > 0) {
    builder.put("lora_modules_to_save", lora.modules_to_save);
  }
  builder.says("train.lora.target_parameters", "train.lora.modules_to_save");
  if (lora.dora) builder.put("peft_use_dora", true);
  if (lora.rslora) builder.put("peft_use_rslora", true);
  builder.says("train.lora.dora", "train.lora.rslora");
  if (lora.adapter_dtype === "bf16") {
    builder.put("peft_autocast_adapter_dtype", false);
  }
  if (lora.adapter_dtype !== "fp16") builder.says("train.lora.adapter_dtype");
}

function putPrecision(
  { precision, engine, train }: Scenario,
  builder: DraftBuilder,
): void {
  const { weights, autocast } = precision;
  if (engine.name === "deepspeed") {
    builder.put("bf16", weights === "bf16").put("fp16", weights === "fp16");
    return;
  }
  if (autocast !== null && engine.name === "fsdp2" && train.method === "full") {
    builder.put("bf16", autocast === "bf16").put("fp16", autocast === "fp16");
    builder.note(
      `precision.weights ${weights}: Axolotl shards under FSDP 2 what it loaded in ${autocast}, and runs no autocast`,
    );
    return;
  }
  builder.says("precision.autocast");
  if (autocast === null) {
    builder.put("bf16", false).put("fp16", false);
    builder.put(
      { bf16: "bfloat16", fp16: "float16", fp32: "float32" }[weights],
      true,
      "precision.weights",
    );
    return;
  }
  builder.put("bf16", autocast === "bf16").put("fp16", autocast === "fp16");
  const cast = engine.name === "fsdp" && train.method === "full";
  if (cast ? weights === "fp32" : weights === autocast) {
    builder.says("precision.weights");
  } else {
    builder.note(
      `precision.weights ${weights}: Axolotl loads the model in ${autocast} under ${autocast}`,
    );
  }
}

function putKernels({ train }: Scenario, builder: DraftBuilder): void {
  const plugins: string[] = [];
  if (train.kernels === "liger") {
    plugins.push("axolotl.integrations.liger.LigerPlugin");
    builder.put("liger_rope", true).put("liger_rms_norm", true)
      .put("liger_glu_activation", true);
  }
  if (train.loss === "fused") {
    if (train.kernels === "liger") {
      builder.put("liger_fused_linear_cross_entropy", true);
    } else {
      plugins.push(
        "axolotl.integrations.cut_cross_entropy.CutCrossEntropyPlugin",
      );
      builder.put("cut_cross_entropy", true);
    }
  } else if (train.loss === "chunked") {
    builder.put("chunked_cross_entropy", true);
  }
  if (train.kernels === "compile") builder.put("torch_compile", true);
  if (plugins.length > 0) builder.put("plugins", plugins);
  builder.says("train.kernels", "train.loss");
}
