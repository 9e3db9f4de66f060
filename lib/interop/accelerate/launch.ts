import type { CommandReader } from "../reading/commands/started.ts";
import { launcherValues } from "../reading/commands/launcher_values.ts";

/** Flags of `accelerate launch` that stand alone: commands/launch.py. */
const ALONE =
  /^(?:cpu|multi-gpu|tpu|ipex|use-(?:deepspeed|fsdp|megatron-lm|xpu|cpu|mps-device|parallelism-config)|no-python|quiet|q|debug|enable-cpu-affinity|dynamo-use-\w+|fp8-use-\w+|same-network|no-tpu-cluster|tpu-cluster|tpu-use-sudo|standalone)$/;

/** What a switch says of the kind of run. */
const KINDS: Readonly<Record<string, string>> = {
  "multi-gpu": "MULTI_GPU",
  "use-deepspeed": "DEEPSPEED",
  "use-fsdp": "FSDP",
  "use-megatron-lm": "MEGATRON_LM",
};

/** Flags of DeepSpeed that stand in a section of the file. */
const DEEPSPEED =
  /^(?:zero-stage|offload-\w+-device|gradient-accumulation-steps|gradient-clipping|deepspeed-config-file|zero3-\w+(?:-\w+)*|deepspeed-hostfile)$/;

/** `accelerate launch`, whose flags are the keys of its file. */
export const accelerateLaunch: CommandReader = ({ kind, name, args }) => {
  const launches = kind === "program" && name === "accelerate" &&
    args[0] === "launch";
  const runs = kind === "module" && name === "accelerate.commands.launch" ||
    kind === "program" && name === "accelerate-launch";
  if (!launches && !runs) return null;
  const { values: flags, starts } = launcherValues(
    launches ? args.slice(1) : args,
    ALONE,
  );
  const values: Record<string, unknown> = Object.create(null);
  for (const [flag, value] of Object.entries(flags)) {
    const key = flag.replaceAll("-", "_");
    const kind = KINDS[flag];
    if (kind !== undefined) values["distributed_type"] = kind;
    else if (flag.startsWith("fsdp-")) values[`fsdp_config.${key}`] = value;
    else if (flag.startsWith("megatron-lm-")) {
      values[`megatron_lm_config.${key}`] = value;
    } else if (flag.startsWith("parallelism-config-")) {
      values[`parallelism_config.${key}`] = value;
    } else if (DEEPSPEED.test(flag)) values[`deepspeed_config.${key}`] = value;
    else if (flag !== "config-file") values[key] = value;
  }
  const file = flags["config-file"];
  return {
    values,
    ...(typeof file === "string" ? { file } : {}),
    ...(starts ? { starts } : {}),
  };
};
