import {
  COMMAND,
  putFlags,
  refusedBy,
  startCommand,
} from "../writing/command.ts";
import { DraftBuilder, replicasOf } from "../writing/draft_builder.ts";
import type { ExportFormat } from "../writing/exported.ts";

/** `trtllm-serve …`. */
export const trtllmExport: ExportFormat = {
  id: "tensorrt-llm",
  title: "TensorRT-LLM",
  file: "serve.sh",
  ...COMMAND,
  refuses: (scenario) => refusedBy(scenario, "tensorrt-llm"),
  draft: (scenario) => {
    const { model, quantization, serve } = scenario;
    const builder = new DraftBuilder();
    startCommand(builder, "trtllm-serve", String(model))
      .says("model", "task", "serve.engine");
    putFlags(scenario, builder, [
      ["--tp_size", "parallel.tp"],
      ["--pp_size", "parallel.pp"],
      ["--ep_size", "parallel.ep"],
      ["--kv_cache_free_gpu_memory_fraction", "serve.memory_utilization"],
      ["--max_seq_len", "serve.max_model_len"],
      ["--max_num_tokens", "serve.max_batched_tokens"],
      ["--max_batch_size", "serve.max_sequences"],
      [
        "--kv_cache_dtype",
        "serve.kv_dtype",
        (type) => type === "fp8" ? "fp8" : null,
      ],
    ]);
    if (serve.kv_dtype === "auto") builder.says("serve.kv_dtype");
    if (replicasOf(scenario) === 1) builder.says("parallel.gpus");
    if (quantization.weights === null) builder.says("quantization.weights");
    return builder.build();
  },
};
