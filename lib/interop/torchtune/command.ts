import { launcherValues } from "../reading/commands/launcher_values.ts";
import { overrideValues } from "../reading/commands/flag_values.ts";
import type { CommandReader } from "../reading/commands/started.ts";
import type { Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { readCount } from "../reading/values.ts";

/** `tune run`: torchrun's flags, a recipe, its file, and `key=value` over it. */
export const tuneCommand: CommandReader = ({ kind, name, args }) => {
  if (kind !== "program" || name !== "tune" || args[0] !== "run") return null;
  const { values: flags, starts = [] } = launcherValues(
    args.slice(1),
    /^(?:standalone)$/,
  );
  const values: Record<string, unknown> = Object.create(null);
  for (const key of ["nproc-per-node", "nnodes"]) {
    if (flags[key] !== undefined) values[key.replaceAll("-", "_")] = flags[key];
  }
  values["recipe"] = starts[0] ?? "";
  const at = starts.indexOf("--config");
  const file = at < 0
    ? starts.find((word) => word.startsWith("--config="))?.slice(9)
    : starts[at + 1];
  return {
    values: { ...values, ...overrideValues(starts) },
    ...(file === undefined ? {} : { file }),
  };
};

/** What the command says beside the settings of the recipe. */
export const RECIPE_RULES: readonly Rule[] = [
  {
    keys: ["nproc_per_node"],
    fields: ["parallel.gpus"],
    values: "× nnodes",
    read: (setting, draft, all) => {
      const count = readCount(setting.value);
      const nodes = readCount(all.get("nnodes") ?? 1);
      if (count === null || nodes === null) {
        draft.refuse(setting, "must be a whole number above 0");
      } else draft.state(setting, "parallel.gpus", count * nodes);
    },
  },
  {
    keys: ["nnodes"],
    fields: ["parallel.gpus"],
    values: "with nproc_per_node",
    read: (setting, draft, all) => {
      if (!all.has("nproc_per_node")) {
        draft.leave(setting, "nproc_per_node is not given", true);
      }
    },
  },
  {
    keys: ["recipe"],
    fields: ["engine.name", "parallel.gpus"],
    values: "…_single_device → one GPU, …_distributed → fsdp2",
    read: (setting, draft) => {
      const name = plainText(setting.value);
      if (name.includes("single_device")) {
        draft.state(setting, "engine.name", "single");
        draft.state(setting, "parallel.gpus", 1);
      } else if (name.includes("distributed")) {
        draft.state(setting, "engine.name", "fsdp2");
      } else draft.leave(setting, "says nothing of GPUs");
    },
  },
];
