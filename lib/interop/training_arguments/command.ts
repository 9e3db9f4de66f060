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
