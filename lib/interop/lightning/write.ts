import type { Scenario } from "../../scenario/schema.ts";
import {
  DraftBuilder,
  engineNameOf,
  nodesOf,
} from "../writing/draft_builder.ts";
import type { ExportFormat } from "../writing/exported.ts";
import { settingsOf } from "../writing/engine_settings.ts";
import { SETTINGS } from "./settings.ts";
import { STRATEGIES } from "../writing/fsdp_words.ts";

const PACKAGE = "lightning.pytorch.strategies";

/** PyTorch Lightning's Trainer, in the YAML of LightningCLI. */
export const lightningExport: ExportFormat = {
  id: "lightning",
  title: "PyTorch Lightning",
  file: "lightning.yaml",
  syntax: "yaml",
  refuses: (scenario) => {
    if (scenario.task === "serve") {
      return "task must be train: a Trainer trains";
    }
    const engine = engineNameOf(scenario);
    if (engine.startsWith("megatron")) {
      return `engine.name must not be of Megatron-LM: current value is "${engine}"`;
    }
    return engine === "single" && scenario.parallel.gpus > 1
      ? `parallel.gpus must be 1 on one device: current value is ${scenario.parallel.gpus}`
      : null;
  },
  draft: (scenario) => {
    const { parallel, train } = scenario;
    const nodes = nodesOf(scenario);
    const builder = new DraftBuilder();
    const trainer: Record<string, unknown> = {
      accelerator: "gpu",
      devices: parallel.gpus / nodes,
      num_nodes: nodes,
      precision: precisionOf(scenario, builder),
      accumulate_grad_batches: train.gradient_accumulation,
      strategy: strategyOf(scenario, builder),
    };
    builder.put(
      "trainer",
      trainer,
      "parallel.gpus",
      "train.gradient_accumulation",
    );
    if (nodes > 1) builder.says("parallel.gpus_per_node");
    builder.put(
      "data",
      { batch_size: train.micro_batch },
      "train.micro_batch",
    ).note(
      "data.batch_size is the micro batch: give it to your own data module",
    ).note(
      "the model, adapters, quantisation, optimizer, sequence length and checkpointing are your LightningModule's",
    );
    return builder.build();
  },
};

function precisionOf(scenario: Scenario, builder: DraftBuilder): string {
  const { weights, autocast } = scenario.precision;
  const short = { bf16: "bf16", fp16: "16", fp32: "32" } as const;
  if (autocast !== null && engineNameOf(scenario) !== "deepspeed") {
    if (weights === "fp32") builder.says("precision.weights");
    else {
      builder.note(
        `precision.weights ${weights}: Lightning keeps fp32 beside autocast; load the module so`,
      );
    }
    builder.says("precision.autocast");
    return `${short[autocast]}-mixed`;
  }
  if (autocast === null) builder.says("precision.autocast");
  builder.says("precision.weights");
  return `${short[weights]}-true`;
}

function strategyOf(scenario: Scenario, builder: DraftBuilder): unknown {
  const { engine, parallel, train } = scenario;
  const name = engineNameOf(scenario);
  if (engine.name === name) builder.says("engine.name");
  switch (name) {
    case "single":
      return {
        class_path: `${PACKAGE}.SingleDeviceStrategy`,
        init_args: { device: "cuda:0" },
      };
    case "ddp": {
      const set = settingsOf(scenario, "ddp", builder, SETTINGS.ddp);
      return Object.keys(set).length === 0
        ? "ddp"
        : { class_path: `${PACKAGE}.DDPStrategy`, init_args: set };
    }
    case "deepspeed":
      builder.says(
        "engine.zero_stage",
        "engine.offload_optimizer",
        "engine.offload_parameters",
      );
      return {
        class_path: `${PACKAGE}.DeepSpeedStrategy`,
        init_args: {
          stage: engine.zero_stage,
          ...offload(
            "offload_optimizer",
            "offload_optimizer_device",
            engine.offload_optimizer,
          ),
          ...offload(
            "offload_parameters",
            "offload_params_device",
            engine.offload_parameters,
          ),
          ...settingsOf(scenario, "deepspeed", builder, SETTINGS.deepspeed),
        },
      };
    case "fsdp": {
      const cpu = engine.offload_parameters === "cpu";
      if (
        engine.offload_parameters === engine.offload_optimizer &&
        engine.offload_parameters !== "nvme"
      ) builder.says("engine.offload_parameters", "engine.offload_optimizer");
      builder.says("engine.sharding");
      if (train.checkpointing !== "none") {
        builder.note(
          "train.checkpointing: name your layers' class in activation_checkpointing_policy",
        );
      }
      return {
        class_path: `${PACKAGE}.FSDPStrategy`,
        init_args: {
          sharding_strategy: STRATEGIES[engine.sharding],
          cpu_offload: cpu,
          ...settingsOf(scenario, "fsdp", builder, SETTINGS.fsdp),
        },
      };
    }
    default:
      builder.says("parallel.tp").note(
        "ModelParallelStrategy shards what your module's configure_model tells it to",
      );
      return {
        class_path: `${PACKAGE}.ModelParallelStrategy`,
        init_args: {
          data_parallel_size: "auto",
          tensor_parallel_size: parallel.tp,
        },
      };
  }
}

function offload(
  key: string,
  deviceKey: string,
  device: string,
): Record<string, unknown> {
  return device === "none" ? {} : { [key]: true, [deviceKey]: device };
}
