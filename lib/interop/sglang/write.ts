import {
  COMMAND,
  DTYPES,
  onlyOff,
  onlyOn,
  putFlags,
  refusedBy,
  startCommand,
} from "../writing/command.ts";
import type { FlagFor } from "../writing/command.ts";
import { DraftBuilder, replicasOf } from "../writing/draft_builder.ts";
import type { ExportFormat } from "../writing/exported.ts";
import { published } from "../reading/serving/rules.ts";

const CACHE: Readonly<Record<string, string>> = {
  fp8: "fp8_e5m2",
  bf16: "bfloat16",
};

const FLAGS: readonly FlagFor[] = [
  ["--tp-size", "parallel.tp"],
  ["--pp-size", "parallel.pp"],
  ["--ep-size", "parallel.ep"],
  ["--mem-fraction-static", "serve.memory_utilization"],
  ["--context-length", "serve.max_model_len"],
  ["--max-running-requests", "serve.max_sequences"],
  ["--max-total-tokens", "serve.cache_tokens"],
  ["--chunked-prefill-size", "serve.chunked_prefill_tokens"],
  ["--kv-cache-dtype", "serve.kv_dtype", (type) => CACHE[String(type)] ?? null],
  ["--page-size", "serve.block_size"],
  ["--disable-cuda-graph", "serve.enforce_eager", onlyOn],
  ["--disable-radix-cache", "serve.prefix_caching", onlyOff],
  ["--swa-full-tokens-ratio", "serve.swa_full_tokens_ratio"],
  ["--max-loras-per-batch", "serve.max_loras"],
  ["--max-lora-rank", "serve.max_lora_rank"],
  [
    "--speculative-draft-model-path",
    "serve.draft_model",
    (model) => typeof model === "string" ? model : null,
  ],
];

/** `python -m sglang.launch_server …`. */
export const sglangExport: ExportFormat = {
  id: "sglang",
  title: "SGLang",
  file: "launch.sh",
  ...COMMAND,
  refuses: (scenario) => refusedBy(scenario, "sglang"),
  draft: (scenario) => {
    const { model, parallel, quantization, serve, precision } = scenario;
    const builder = new DraftBuilder();
    startCommand(builder, "python3", "-m", "sglang.launch_server")
      .put("--model-path", String(model), "model")
      .says("task", "serve.engine")
      .put("--dtype", DTYPES[precision.weights], "precision.weights");
    putFlags(scenario, builder, FLAGS);
    if (serve.kv_dtype === "auto") builder.says("serve.kv_dtype");
    if (serve.draft_model !== null) {
      builder.put("--speculative-algorithm", "EAGLE")
        .note("speculative_algorithm is to be chosen");
    }
    const replicas = replicasOf(scenario);
    if (replicas > 1) builder.put("--dp-size", replicas);
    if (parallel.cp === 1) builder.says("parallel.gpus", "parallel.cp");
    if (quantization.weights === null) builder.says("quantization.weights");
    else if (quantization.weights === "fp8" && !published(String(model))) {
      builder.put("--quantization", "fp8", "quantization.weights");
    } else {
      builder.note(
        "name a checkpoint that is published in the scheme",
      );
    }
    return builder.build();
  },
};
