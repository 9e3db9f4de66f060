import {
  COMMAND,
  DTYPES,
  putFlags,
  refusedBy,
  startCommand,
} from "../writing/command.ts";
import { DraftBuilder } from "../writing/draft_builder.ts";
import type { ExportFormat } from "../writing/exported.ts";

/** `text-generation-launcher …`. */
export const tgiExport: ExportFormat = {
  id: "tgi",
  title: "Text Generation Inference",
  file: "launch.sh",
  ...COMMAND,
  refuses: (scenario) => refusedBy(scenario, "tgi"),
  draft: (scenario) => {
    const { model, precision, quantization, serve } = scenario;
    const builder = new DraftBuilder();
    startCommand(builder, "text-generation-launcher")
      .put("--model-id", String(model), "model")
      .says("task", "serve.engine");
    if (precision.weights !== "fp32") {
      builder.put("--dtype", DTYPES[precision.weights], "precision.weights");
    }
    putFlags(scenario, builder, [
      ["--num-shard", "parallel.tp"],
      ["--cuda-memory-fraction", "serve.memory_utilization"],
      ["--max-total-tokens", "serve.max_model_len"],
      ["--max-batch-prefill-tokens", "serve.max_batched_tokens"],
      ["--max-batch-size", "serve.max_sequences"],
      [
        "--kv-cache-dtype",
        "serve.kv_dtype",
        (type) => type === "fp8" ? "fp8_e4m3fn" : null,
      ],
    ]);
    if (serve.kv_dtype === "auto") builder.says("serve.kv_dtype");
    const { gpus, tp } = scenario.parallel;
    if (gpus === tp) builder.says("parallel.gpus");
    if (quantization.weights === null) builder.says("quantization.weights");
    return builder.build();
  },
};
