import type { Format, Rule } from "../reading/format.ts";
import { anyKeyOf } from "../reading/key_patterns.ts";
import { unexpressed } from "../reading/rules.ts";
import { readCommand } from "../reading/serving/read_command.ts";
import {
  assumeServed,
  countRule,
  dtypeRule,
  namedRule,
  programRule,
  schemeRule,
  servedModel,
  shareRule,
  visibleRule,
} from "../reading/serving/rules.ts";
import type { ServingProgram } from "../reading/serving/start_command.ts";
import { isProgram } from "../reading/serving/start_command.ts";

const TGI: ServingProgram = {
  engine: "tgi",
  image: /text-generation-inference/i,
  namedAt: (words, at) =>
    isProgram(words[at], "text-generation-launcher") ? 1 : 0,
};

const RULES: readonly Rule[] = [
  programRule,
  servedModel(["model-id"]),
  schemeRule(["quantize"]),
  dtypeRule(["dtype"]),
  countRule(["num-shard"], "parallel.tp"),
  visibleRule,
  shareRule(["cuda-memory-fraction"], "serve.memory_utilization"),
  countRule(["max-total-tokens"], "serve.max_model_len"),
  countRule(["max-batch-prefill-tokens"], "serve.max_batched_tokens"),
  countRule(["max-batch-size"], "serve.max_sequences"),
  namedRule(["kv-cache-dtype"], "serve.kv_dtype", {
    fp8_e4m3fn: "fp8",
    fp8_e5m2: "fp8",
  }),
];

/**
 * `text-generation-launcher …` or its image: a command line, a compose file, or a
 * manifest of Kubernetes.
 *
 * Source: huggingface/text-generation-inference launcher/src/main.rs
 */
export const tgiCommand: Format = {
  id: "tgi",
  title: "Text Generation Inference",
  kind: "own",
  serves: true,
  recognises: () => false,
  parse: (source) => readCommand(source, TGI, false),
  rules: RULES,
  unexpressed: [
    unexpressed(
      [
        "cuda-graphs",
        "speculate",
        "lora-adapters",
        "rope-scaling",
        "rope-factor",
      ],
      "no field says it",
    ),
    unexpressed(
      ["max-input-tokens", "max-input-length"],
      "max-total-tokens says how long sequences are",
      false,
    ),
    unexpressed(
      ["max-batch-total-tokens"],
      "it is worked out where attention is flash",
      false,
    ),
  ],
  neutral: [
    anyKeyOf()`
      port$ hostname shard-uds master- huggingface-hub weights-cache json-output
      otlp cors revision validation-workers sharded trust-remote max-concurrent
      max-best-of max-stop max-top waiting-served max-waiting env$ ngrok
      tokenizer-config disable-grammar max-client disable-custom usage-stats
      payload-limit enable-prefill api-key graceful watermark download-dir
      prometheus
    `,
  ],
  finish: (draft) => assumeServed(draft, "Text Generation Inference"),
};
