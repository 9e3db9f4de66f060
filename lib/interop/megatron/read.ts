import type { Format, Rule } from "../reading/format.ts";
import { counted, countedFact } from "../reading/rules.ts";
import { finishMegatron } from "./defaults.ts";
import { MEGATRON_NEUTRAL, MEGATRON_UNEXPRESSED } from "./left_out.ts";
import { MODEL_RULES } from "./model_rules.ts";
import { PARALLEL_RULES } from "./parallel_rules.ts";
import { PRECISION_RULES } from "./precision_rules.ts";
import { STEP_RULES } from "./step_rules.ts";

const RULES: readonly Rule[] = [
  ...MODEL_RULES,
  counted("seq-length", "train.sequence_length"),
  counted("micro-batch-size", "train.micro_batch"),
  countedFact("global-batch-size", "global_batch", [
    "train.gradient_accumulation",
  ]),
  ...PARALLEL_RULES,
  ...PRECISION_RULES,
  ...STEP_RULES,
];

/** Megatron-LM's command line, in a shell script or alone. */
export const megatronFile: Format = {
  id: "megatron",
  title: "Megatron-LM",
  kind: "shell",
  recognises: (flags) =>
    [
      "micro-batch-size",
      "tensor-model-parallel-size",
      "num-layers",
      "global-batch-size",
      "pipeline-model-parallel-size",
    ]
      .some((flag) => flag in flags),
  rules: RULES,
  unexpressed: MEGATRON_UNEXPRESSED,
  neutral: MEGATRON_NEUTRAL,
  finish: finishMegatron,
};
