import type { Format, Rule } from "../reading/format.ts";
import { anyKeyOf } from "../reading/key_patterns.ts";
import { unexpressed } from "../reading/rules.ts";
import { readCommand } from "../reading/serving/read_command.ts";
import {
  assumeServed,
  countRule,
  dtypeRule,
  namedRule,
  servedModel,
  visibleRule,
} from "../reading/serving/rules.ts";
import type { ServingProgram } from "../reading/serving/start_command.ts";
import { isProgram } from "../reading/serving/start_command.ts";

/** LMDeploy's server; vLLM's pool stands for its own. */
const LMDEPLOY: ServingProgram = {
  engine: "vllm",
  image: null,
  namedAt: (words, at) =>
    isProgram(words[at], "lmdeploy") && words[at + 1] === "serve" &&
      words[at + 2] === "api_server"
      ? 3
      : 0,
};

const RULES: readonly Rule[] = [
  {
    keys: ["program"],
    fields: ["serve.engine"],
    values: "vllm, which stands for it",
    read: (setting, draft) => {
      draft.state(setting, "serve.engine", "vllm");
      draft.leave(
        { key: "lmdeploy", value: "serve api_server" },
        "its own pools are not modelled: vLLM's stand for them",
        true,
      );
    },
  },
  servedModel(["model"]),
  dtypeRule(["dtype"]),
  countRule(["tp"], "parallel.tp"),
  countRule(["session-len"], "serve.max_model_len"),
  countRule(["max-batch-size"], "serve.max_sequences"),
  countRule(["max-prefill-token-num"], "serve.max_batched_tokens"),
  namedRule(["quant-policy"], "serve.kv_dtype", {
    "0": null,
    "4": "int4",
    "8": "int8",
  }),
  visibleRule,
];

/**
 * `lmdeploy serve api_server …`: a command line, a compose file, or a manifest of
 * Kubernetes.
 *
 * Source: InternLM/lmdeploy lmdeploy/cli/serve.py, utils.py
 */
export const lmdeployCommand: Format = {
  id: "lmdeploy",
  title: "LMDeploy",
  kind: "own",
  serves: true,
  recognises: () => false,
  parse: (source) => readCommand(source, LMDEPLOY, true),
  rules: RULES,
  unexpressed: [
    unexpressed(
      ["cache-max-entry-count"],
      "a share of what is free once the weights are loaded has no field",
    ),
    unexpressed(
      [
        "dp",
        "ep",
        "model-format",
        "cache-block-seq-len",
        "adapters",
        "vision-max-batch-size",
        "speculative-algorithm",
        "speculative-draft-model",
        "num-tokens-per-iter",
        "communicator",
      ],
      "no field says it",
    ),
  ],
  neutral: [
    anyKeyOf()`
      backend server- allow- api-key ssl log-level model-name chat-template
      tool-call reasoning device$ download-dir revision enable-prefix
      rope-scaling max-log-len proxy max-concurrent hf-overrides
      disable-fastapi trust-remote enable-metrics eager-mode
    `,
  ],
  finish: (draft) => assumeServed(draft, "LMDeploy"),
};
