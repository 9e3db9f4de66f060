import { launcherValues } from "../reading/commands/launcher_values.ts";
import type { Format } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { countOf } from "../reading/rules.ts";
import { readCount } from "../reading/values.ts";

/** Flags of the launcher that stand alone: deepspeed/launcher/runner.py. */
const ALONE =
  /^(?:no-python|no-local-rank|no-ssh|no-ssh-check|force-multi|bind-cores-to-rank|enable-each-rank-log|elastic-training|save-pid|quick-run)$/;

/** The GPUs in `localhost:0,1@worker-1:0`; null where it names none. */
function includedIn(text: string): number | null {
  const lists = text.split("@").map((each) => each.split(":")[1]);
  return lists.some((list) => !list)
    ? null
    : lists.flatMap((list) =>
      (list ?? "").split(",").filter((each) => /^\d+$/.test(each))
    ).length;
}

/** The command `deepspeed`, which starts a script on every GPU. */
export const deepspeedCommand: Format = {
  id: "deepspeed-launcher",
  title: "DeepSpeed's launcher",
  kind: "shell",
  recognises: () => false,
  command: ({ kind, name, args }) =>
    kind === "program" && name === "deepspeed" && args.length > 0 ||
      kind === "module" && name === "deepspeed.launcher.runner"
      ? launcherValues(args, ALONE)
      : null,
  rules: [
    {
      keys: ["num-gpus"],
      fields: ["parallel.gpus"],
      values: "× --num-nodes",
      read: (setting, draft, all) => {
        const count = countOf(setting, draft);
        const nodes = readCount(all.get("num-nodes") ?? 1);
        const open = all.raw("num-nodes") !== undefined && nodes === null;
        if (count === null || nodes === null || open) return;
        draft.state(setting, "parallel.gpus", count * nodes);
        if (nodes > 1) draft.state(setting, "parallel.gpus_per_node", count);
      },
    },
    {
      keys: ["num-nodes"],
      fields: ["parallel.gpus"],
      values: "with --num-gpus",
      read: (setting, draft, all) => {
        if (!all.has("num-gpus")) {
          draft.leave(setting, "--num-gpus is not given", true);
        }
      },
    },
    {
      keys: ["include", "i"],
      fields: ["parallel.gpus"],
      values: "localhost:0,1 → 2",
      read: (setting, draft) => {
        const count = includedIn(String(setting.value));
        if (count === null || count === 0) {
          draft.leave(setting, "as many as those machines have", true);
        } else draft.state(setting, "parallel.gpus", count);
      },
    },
  ],
  unexpressed: [
    {
      keys: ["exclude", "e", "hostfile", "H"],
      reason: "how many GPUs that leaves is not told",
      moves_memory: true,
    },
  ],
  neutral: [
    anyKeyOf(KEY_END.whole)`
    master-\w+ launcher launcher-args no-\w+ force-multi save-pid
    enable-each-rank-log autotuning elastic-training min-elastic-nodes
    max-elastic-nodes bind-cores-to-rank bind-core-list ssh-port
    venv-script node-rank world-info module
  `,
  ],
};
