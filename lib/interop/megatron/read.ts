import type { Format, Rule } from "../reading/format.ts";
import { counted, countedFact } from "../reading/rules.ts";
import {
  MEGATRON_NEUTRAL,
  MEGATRON_UNEXPRESSED,
} from "../reading/vocabulary/megatron/left_out.ts";
import { MEGATRON_PARALLEL_RULES } from "../reading/vocabulary/megatron/parallel_rules.ts";
import { MEGATRON_PRECISION_RULES } from "../reading/vocabulary/megatron/precision_rules.ts";
import { MEGATRON_STEP_RULES } from "../reading/vocabulary/megatron/step_rules.ts";
import { finishMegatron } from "./defaults.ts";
import { parseFlagScale } from "./flagscale.ts";
import { MEGATRON_ADAPTER_RULES } from "./adapter_rules.ts";
import { GPUS_RULES } from "./gpus_rules.ts";
import { MODEL_RULES } from "./model_rules.ts";

const RULES: readonly Rule[] = [
  ...MODEL_RULES,
  counted("seq-length", "train.sequence_length"),
  counted("micro-batch-size", "train.micro_batch"),
  countedFact("global-batch-size", "global_batch", [
    "train.gradient_accumulation",
  ]),
  ...GPUS_RULES,
  ...MEGATRON_ADAPTER_RULES,
  ...MEGATRON_PARALLEL_RULES,
  ...MEGATRON_PRECISION_RULES,
  ...MEGATRON_STEP_RULES,
];

/** Megatron-LM's command line, in a shell script or alone. */
export const megatronFile: Format = {
  id: "megatron",
  title: "Megatron-LM",
  kind: "shell",
  parse: parseFlagScale,
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
