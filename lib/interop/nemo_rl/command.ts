import { overrideValues } from "../reading/commands/flag_values.ts";
import type { CommandReader } from "../reading/commands/started.ts";

/** The file that each script of NeMo RL's examples takes by itself. */
const CONFIGS: Readonly<Record<string, string>> = {
  run_grpo: "grpo_math_1B.yaml",
  run_grpo_math: "grpo_math_1B.yaml",
  run_sft: "sft.yaml",
  run_dpo: "dpo.yaml",
  run_rm: "rm.yaml",
  run_distillation: "distillation_math.yaml",
  run_vlm_grpo: "vlm_grpo_3B.yaml",
  run_vlm_sft: "sft_vlm_3B.yaml",
};

/** `uv run examples/run_grpo.py --config FILE a.b=c`. */
export const nemoRlCommand: CommandReader = ({ kind, name, args }) => {
  const script = name.replace(/\.py$/, "");
  if (kind !== "script" || !Object.hasOwn(CONFIGS, script)) return null;
  const at = args.indexOf("--config");
  const named = at < 0
    ? args.find((word) => word.startsWith("--config="))?.slice(9)
    : args[at + 1];
  const file = named ?? `examples/configs/${CONFIGS[script]}`;
  return { values: overrideValues(args), file };
};
