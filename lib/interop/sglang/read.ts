import type { Format } from "../reading/format.ts";
import { readCommand } from "../reading/serving/read_command.ts";
import { assumeServed } from "../reading/serving/rules.ts";
import { SGLANG_NEUTRAL, SGLANG_UNEXPRESSED } from "./left_out.ts";
import { SGLANG } from "./program.ts";
import { SGLANG_RULES } from "./rules.ts";

/**
 * `python -m sglang.launch_server …` or `sglang serve …`: a command line, a compose
 * file, or a manifest of Kubernetes.
 *
 * Source: sgl-project/sglang srt/server_args.py and srt/arg_groups/fields
 */
export const sglangCommand: Format = {
  id: "sglang",
  title: "SGLang",
  kind: "own",
  serves: true,
  recognises: () => false,
  parse: (source) => readCommand(source, SGLANG, true),
  rules: SGLANG_RULES,
  unexpressed: SGLANG_UNEXPRESSED,
  neutral: SGLANG_NEUTRAL,
  finish: (draft) => assumeServed(draft, "SGLang"),
};
