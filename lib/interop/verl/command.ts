import { overrideValues } from "../reading/commands/flag_values.ts";
import type { CommandReader } from "../reading/commands/started.ts";

/** Modules of verl and its recipes that train. */
const TRAINS =
  /^(?:verl|recipe|recipes)\.(?:[\w.]*\.)?(?:main_\w*(?:ppo|dapo|spin|prime|sppo|entropy|gspo|split)\w*|\w*sft_trainer\w*|fully_async_main|main_ppo)$/;

/** `python -m verl.trainer.main_ppo` and its kin, with hydra's `a.b=c`. */
export const verlCommand: CommandReader = ({ kind, name, args }) => {
  if (kind !== "module" || !TRAINS.test(name)) return null;
  const config = args.find((word) => word.startsWith("--config-name="))
    ?.slice("--config-name=".length) ??
    args[args.indexOf("--config-name") + 1];
  const values = overrideValues(args);
  values["verl_trainer"] = /sft/.test(name) ? "sft" : "rl";
  if (args.some((word) => word.startsWith("--config-name")) && config) {
    values["config_name"] = config.replaceAll(/["']/g, "");
  }
  return { values };
};
