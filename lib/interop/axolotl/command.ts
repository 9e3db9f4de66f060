import { flagValues } from "../reading/commands/flag_values.ts";
import type { CommandReader } from "../reading/commands/started.ts";

/** Flags of the command itself: src/axolotl/cli/args.py. */
const OWN =
  /^(?:accelerate|no_accelerate|launcher|cloud|sweep|debug.*|num_processes|main_process_port|prompter|shard|cls|m)$/;

/** `axolotl train`, and its module: a file and flags that win over it. */
export const axolotlCommand: CommandReader = ({ kind, name, args }) => {
  const isProgram = kind === "program" && name === "axolotl" &&
    args[0] === "train";
  const isModule = kind === "module" &&
    /^axolotl\.(?:cli\.train|train)$/.test(name);
  const isScript = kind === "script" && name === "finetune.py" &&
    /\.ya?ml$/.test(args[0] ?? "");
  if (!isProgram && !isModule && !isScript) return null;
  const words = isProgram ? args.slice(1) : args;
  // What follows two dashes is the launcher's.
  const own = words.includes("--")
    ? words.slice(0, words.indexOf("--"))
    : words;
  const { values, alone } = flagValues(own);
  const settings: Record<string, unknown> = Object.create(null);
  const [file] = alone;
  for (const [key, value] of Object.entries(values)) {
    if (key === "num_processes") settings["world_size"] = value;
    else if (!OWN.test(key)) settings[key] = value;
  }
  return { values: settings, ...(file === undefined ? {} : { file }) };
};
