import type { Scenario } from "../../scenario/schema.ts";
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

/** The cache's types by vLLM's names. */
const CACHE: Readonly<Record<string, string>> = {
  fp8: "fp8",
  bf16: "bfloat16",
  fp16: "float16",
};
/** Schemes that vLLM makes of a checkpoint of 16 bits while it loads. */
const ONLINE: Readonly<Record<string, string>> = {
  fp8: "fp8",
  nf4: "bitsandbytes",
};

const FLAGS: readonly FlagFor[] = [
  ["--tensor-parallel-size", "parallel.tp"],
  ["--pipeline-parallel-size", "parallel.pp"],
  ["--gpu-memory-utilization", "serve.memory_utilization"],
  ["--max-model-len", "serve.max_model_len"],
  ["--max-num-seqs", "serve.max_sequences"],
  ["--max-num-batched-tokens", "serve.max_batched_tokens"],
  ["--kv-cache-dtype", "serve.kv_dtype", (type) => CACHE[String(type)] ?? null],
  ["--kv-cache-memory-bytes", "serve.kv_cache_bytes"],
  ["--block-size", "serve.block_size"],
  ["--enforce-eager", "serve.enforce_eager", onlyOn],
  ["--no-enforce-eager", "serve.enforce_eager", onlyOff],
  ["--enable-prefix-caching", "serve.prefix_caching", onlyOn],
  ["--no-enable-prefix-caching", "serve.prefix_caching", onlyOff],
  ["--disable-hybrid-kv-cache-manager", "serve.hybrid_kv_cache", onlyOff],
  ["--no-disable-hybrid-kv-cache-manager", "serve.hybrid_kv_cache", onlyOn],
  ["--max-loras", "serve.max_loras"],
  ["--max-lora-rank", "serve.max_lora_rank"],
];

/** `vllm serve …`. */
export const vllmExport: ExportFormat = {
  id: "vllm",
  title: "vLLM",
  file: "serve.sh",
  ...COMMAND,
  refuses: (scenario) => refusedBy(scenario, "vllm"),
  draft: (scenario) => {
    const { model, parallel, quantization, serve, precision } = scenario;
    const builder = new DraftBuilder();
    startCommand(builder, "vllm", "serve", String(model))
      .says("model", "task", "serve.engine")
      .put("--dtype", DTYPES[precision.weights], "precision.weights");
    putFlags(scenario, builder, FLAGS);
    if (serve.kv_dtype === "auto") builder.says("serve.kv_dtype");
    if (serve.max_loras !== null) builder.put("--enable-lora", true);
    putReplicas(scenario, builder);
    const scheme = ONLINE[quantization.weights ?? ""];
    if (quantization.weights === null) builder.says("quantization.weights");
    else if (scheme !== undefined && !published(String(model))) {
      builder.put("--quantization", scheme, "quantization.weights");
    } else {
      builder.note(
        "name a checkpoint that is published in the scheme",
      );
    }
    if (typeof serve.draft_model === "string") {
      builder.put(
        "--speculative-config",
        JSON.stringify({
          model: serve.draft_model,
          num_speculative_tokens: 5,
        }),
        "serve.draft_model",
      ).note("num_speculative_tokens is to be filled in");
    }
    if (parallel.cp === 1) builder.says("parallel.cp");
    return builder.build();
  },
};

function putReplicas(scenario: Scenario, builder: DraftBuilder): void {
  const { tp, ep, cp } = scenario.parallel;
  const replicas = replicasOf(scenario);
  if (cp === 1) builder.says("parallel.gpus");
  if (replicas > 1) builder.put("--data-parallel-size", replicas);
  if (ep === 1) builder.says("parallel.ep");
  else if (ep === tp * replicas) {
    builder.put("--enable-expert-parallel", true, "parallel.ep");
  } else {
    builder.note(
      `parallel.ep ${ep}: vLLM deals experts out among all ${
        tp * replicas
      } ranks or none`,
    );
  }
}
