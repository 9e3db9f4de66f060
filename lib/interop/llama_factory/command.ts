import { flagValues, overrideValues } from "../reading/commands/flag_values.ts";
import type { CommandReader } from "../reading/commands/started.ts";

/**
 * `llamafactory-cli train`, its older names and its scripts: a file and settings
 * that win over it, as `key=value` or as flags.
 */
export const llamaFactoryCommand: CommandReader = (
  { kind, name, path, args },
) => {
  const isProgram = kind === "program" &&
    /^(?:llamafactory-cli|llamafactory|lmf)$/.test(name) && args[0] === "train";
  const isScript = kind === "script" &&
    (name === "train_bash.py" ||
      name === "train.py" && /(?:^|\/)src\/train\.py$/.test(path) ||
      /llamafactory\/launcher\.py$/.test(path));
  const isModule = kind === "module" && /^llamafactory\./.test(name);
  if (!isProgram && !isScript && !isModule) return null;
  const words = isProgram ? args.slice(1) : args;
  const { values, alone } = flagValues(words);
  const file = alone.find((word) => /\.(?:ya?ml|json)$/.test(word));
  return {
    values: {
      ...values,
      ...overrideValues(words.filter((word) => !word.startsWith("-"))),
    },
    ...(file === undefined ? {} : { file }),
  };
};
