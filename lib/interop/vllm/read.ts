import type { Format } from "../reading/format.ts";
import { readCommand } from "../reading/serving/read_command.ts";
import { assumeServed } from "../reading/serving/rules.ts";
import { VLLM_NEUTRAL, VLLM_UNEXPRESSED } from "./left_out.ts";
import { VLLM } from "./program.ts";
import { VLLM_RULES } from "./rules.ts";

/**
 * `vllm serve …`, its module or its image: a command line, a compose file, or a
 * manifest of Kubernetes.
 *
 * Source: vllm-project/vllm vllm/engine/arg_utils.py
 */
export const vllmCommand: Format = {
  id: "vllm",
  title: "vLLM",
  kind: "own",
  serves: true,
  recognises: () => false,
  parse: (source) => readCommand(source, VLLM, true),
  rules: VLLM_RULES,
  unexpressed: VLLM_UNEXPRESSED,
  neutral: VLLM_NEUTRAL,
  finish: (draft) => assumeServed(draft, "vLLM"),
};
