import type { Scenario } from "../../scenario/schema.ts";
import { AUTO_SLOTS, settingsOf } from "../../serve/llama_cpp/settings.ts";
import { ggufOfFile } from "../reading/serving/gguf_names.ts";
import {
  COMMAND,
  onlyOff,
  onlyOn,
  putFlags,
  refusedBy,
  startCommand,
} from "../writing/command.ts";
import type { FlagFor } from "../writing/command.ts";
import { DraftBuilder } from "../writing/draft_builder.ts";
import type { ExportFormat } from "../writing/exported.ts";
import { ggufFileOf } from "../writing/gguf_files.ts";

/** llama.cpp's own names of types that Scenarios have otherwise. */
const TYPES: Readonly<Record<string, string>> = { fp16: "f16", fp32: "f32" };

const FLAGS: readonly FlagFor[] = [
  ["--ctx-size", "serve.cache_tokens"],
  ["--batch-size", "serve.batch_tokens"],
  ["--ubatch-size", "serve.ubatch_tokens"],
  ["--parallel", "serve.slots"],
  ["--n-gpu-layers", "serve.gpu_layers"],
  ["--n-cpu-moe", "serve.cpu_moe_layers"],
  ["--flash-attn", "serve.flash_attention"],
  ["--kv-unified", "serve.kv_unified", onlyOn],
  ["--no-kv-unified", "serve.kv_unified", onlyOff],
  ["--swa-full", "serve.swa_full", onlyOn],
  ["--no-kv-offload", "serve.kv_offload", onlyOff],
  ["--kv-offload", "serve.kv_offload", onlyOn],
  ["--no-op-offload", "serve.op_offload", onlyOff],
  ["--op-offload", "serve.op_offload", onlyOn],
];

/** `llama-server …`, or `llama-cli …` where logits of every position are made. */
export const llamaExport: ExportFormat = {
  id: "llama.cpp",
  title: "llama.cpp",
  file: "server.sh",
  ...COMMAND,
  refuses: (scenario) => refusedBy(scenario, "llama.cpp"),
  draft: (scenario) => {
    const { serve, parallel } = scenario;
    const builder = new DraftBuilder();
    const all = serve.logits_all === true;
    startCommand(builder, all ? "llama-cli" : "llama-server")
      .says("task", "serve.engine");
    if (all) builder.says("serve.logits_all");
    putModel(scenario, builder);
    putFlags(scenario, builder, FLAGS);
    putCache(scenario, builder);
    putSize(scenario, builder);
    if (serve.tensor_split !== null) {
      builder.put(
        "--tensor-split",
        serve.tensor_split.join(","),
        "serve.tensor_split",
      );
    }
    if (parallel.gpus === (serve.tensor_split?.length ?? 1)) {
      builder.says("parallel.gpus");
    }
    return builder.build();
  },
};

function putModel(scenario: Scenario, builder: DraftBuilder): void {
  const { name, saysWeights } = ggufFileOf(scenario);
  builder.put("--model", name).note("model is the path of its GGUF");
  if (ggufOfFile(name).model === scenario.model) builder.says("model");
  if (saysWeights) builder.says("quantization.weights");
}

/** Left out, the server would take the model's whole context, and four slots. */
function putSize(scenario: Scenario, builder: DraftBuilder): void {
  const { cache_tokens, slots } = scenario.serve;
  const settings = settingsOf(scenario);
  if (!settings.ok) return;
  const { n_ctx, n_seq_max } = settings.value;
  if (cache_tokens === null) {
    builder.put("--ctx-size", n_ctx)
      .note("--ctx-size is what the scenario's sequences take");
  }
  if (slots === null && n_seq_max > AUTO_SLOTS) {
    builder.put("--parallel", n_seq_max);
  }
}

function putCache({ serve }: Scenario, builder: DraftBuilder): void {
  const { kv_dtype } = serve;
  const { k, v } = typeof kv_dtype === "string"
    ? { k: kv_dtype, v: kv_dtype }
    : kv_dtype;
  if (k !== "auto") builder.put("--cache-type-k", TYPES[k] ?? k);
  if (v !== "auto") builder.put("--cache-type-v", TYPES[v] ?? v);
  if (kv_dtype === "auto" || typeof kv_dtype !== "string") {
    builder.says("serve.kv_dtype.k", "serve.kv_dtype.v", "serve.kv_dtype");
  }
}
