import type { Format, Rule } from "../reading/format.ts";
import { anyKeyOf } from "../reading/key_patterns.ts";
import { unexpressed } from "../reading/rules.ts";
import { readCommand } from "../reading/serving/read_command.ts";
import {
  assumeServed,
  countRule,
  namedRule,
  programRule,
  servedModel,
  shareRule,
  visibleRule,
} from "../reading/serving/rules.ts";
import type { ServingProgram } from "../reading/serving/start_command.ts";
import { isProgram } from "../reading/serving/start_command.ts";

const TRTLLM: ServingProgram = {
  engine: "tensorrt-llm",
  image: null,
  namedAt: (words, at) =>
    isProgram(words[at], "trtllm-serve")
      ? words[at + 1] === "serve" ? 2 : 1
      : 0,
};

const RULES: readonly Rule[] = [
  programRule,
  servedModel(["model"]),
  countRule(["tp-size"], "parallel.tp"),
  countRule(["pp-size"], "parallel.pp"),
  countRule(["ep-size"], "parallel.ep"),
  visibleRule,
  shareRule(
    ["kv-cache-free-gpu-memory-fraction", "free-gpu-memory-fraction"],
    "serve.memory_utilization",
  ),
  countRule(["max-seq-len"], "serve.max_model_len"),
  countRule(["max-num-tokens"], "serve.max_batched_tokens"),
  countRule(["max-batch-size"], "serve.max_sequences"),
  namedRule(["kv-cache-dtype"], "serve.kv_dtype", {
    auto: null,
    fp8: "fp8",
    bfloat16: "bf16",
  }),
];

/**
 * `trtllm-serve …`: a command line, a compose file, or a manifest of Kubernetes.
 *
 * Source: NVIDIA/TensorRT-LLM tensorrt_llm/commands/serve.py
 */
export const trtllmCommand: Format = {
  id: "tensorrt-llm",
  title: "TensorRT-LLM",
  kind: "own",
  serves: true,
  recognises: () => false,
  parse: (source) => readCommand(source, TRTLLM, true),
  rules: RULES,
  unexpressed: [
    unexpressed(
      [
        "extra-llm-api-options",
        "config",
        "max-beam-width",
        "cluster-size",
        "moe-cluster-parallel-size",
        "enable-attention-dp",
      ],
      "no field says it",
    ),
  ],
  neutral: [
    anyKeyOf()`
      host$ port$ backend tokenizer log-level gpus-per-node trust-remote
      reasoning tool-parser metadata server-role num-postprocess fail-fast
      otlp custom- no-telemetry telemetry served-model revision enable-chunked
      chat-template
    `,
  ],
  finish: (draft) => assumeServed(draft, "TensorRT-LLM"),
};
