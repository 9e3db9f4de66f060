import { flagValues } from "../reading/commands/flag_values.ts";
import type { CommandReader } from "../reading/commands/started.ts";
import { TRAINERS } from "./objective_rules.ts";

/** TRL's own files for `--accelerate_config`: trl/accelerate_configs. */
const ENGINES: Readonly<Record<string, Record<string, unknown>>> = {
  fsdp1: { fsdp: "full_shard auto_wrap", fsdp_config: { fsdp_version: 1 } },
  fsdp2: { fsdp: "full_shard auto_wrap", fsdp_config: { fsdp_version: 2 } },
  zero1: { deepspeed: "zero1" },
  zero2: { deepspeed: "zero2" },
  zero3: { deepspeed: "zero3" },
};

/** allenai/open-instruct's scripts, by what they train for. */
const OPEN_INSTRUCT: Readonly<Record<string, string>> = {
  finetune: "sft",
  dpo: "dpo",
  dpo_tune_cache: "dpo",
  grpo: "grpo",
  grpo_fast: "grpo",
  reward_modeling: "reward",
};

/** What its GRPO calls otherwise than TRL: open_instruct/grpo_utils.py. */
const RENAMED: Readonly<Record<string, string>> = {
  num_samples_per_prompt_rollout: "num_generations",
  response_length: "max_completion_length",
  max_prompt_token_length: "max_prompt_length",
};

/** `open_instruct/finetune.py` and its kin. */
export const openInstructCommand: CommandReader = ({ path, args }) => {
  const script = /(?:^|\/)open_instruct\/(\w+)\.py$/.exec(path)?.[1] ?? "";
  if (!Object.hasOwn(OPEN_INSTRUCT, script)) return null;
  const { values } = flagValues(args);
  const { deepspeed_stage: stage, num_learners_per_node: learners, ...rest } =
    values;
  const counts = (Array.isArray(learners) ? learners : [learners])
    .filter((each) => typeof each === "number");
  return {
    values: {
      trl_trainer: OPEN_INSTRUCT[script],
      // Its models are loaded in bf16, with FlashAttention where it is installed.
      bf16: true,
      torch_dtype: "bfloat16",
      attn_implementation: "flash_attention_2",
      gradient_checkpointing: false,
      ...(stage === undefined ? {} : { deepspeed: `zero${stage}` }),
      ...(counts.length === 0
        ? {}
        : { num_processes: counts.reduce((sum, each) => sum + each, 0) }),
      ...(script.startsWith("grpo")
        ? {
          use_vllm: true,
          vllm_mode: values["single_gpu_mode"] === true ? "colocate" : "server",
        }
        : {}),
      ...Object.fromEntries(
        Object.entries(rest).map(([key, value]) => [
          Object.hasOwn(RENAMED, key) ? RENAMED[key] : key,
          value,
        ]),
      ),
    },
  };
};

/** `trl sft` and its kin, and TRL's scripts by their names. */
export const trlCommand: CommandReader = ({ kind, name, path, args }) => {
  const [first = ""] = args;
  const isProgram = kind === "program" && name === "trl" &&
    Object.hasOwn(TRAINERS, first);
  const script =
    /(?:^|[/.])(?:trl\/scripts|trl\.scripts|examples\/scripts|scripts)[/.](\w+?)(?:\.py)?$/
      .exec(path)?.[1] ?? "";
  const trainer = isProgram
    ? first
    : Object.keys(TRAINERS).find((each) =>
      script === each || script.startsWith(`${each}_`)
    );
  if (trainer === undefined || !isProgram && kind === "program") return null;
  const { values } = flagValues(isProgram ? args.slice(1) : args);
  const { accelerate_config: engine, num_processes, config, ...rest } = values;
  return {
    ...(typeof config === "string" ? { file: config } : {}),
    values: {
      trl_trainer: trainer,
      trl_script: true,
      ...(num_processes === undefined ? {} : { num_processes }),
      ...(typeof engine === "string"
        ? Object.hasOwn(ENGINES, engine)
          ? ENGINES[engine]
          : { accelerate_config: engine }
        : {}),
      ...rest,
    },
  };
};
