import type { Draft, FileSetting } from "../reading/draft.ts";
import type { FileSettings, Format } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { countOf } from "../reading/rules.ts";
import { readCount } from "../reading/values.ts";
import { launcherValues } from "../reading/commands/launcher_values.ts";

/** Modules that torchrun is the name of. */
const MODULES = ["torch.distributed.run", "torch.distributed.launch"];

/** Flags of torchrun that stand alone: torch/distributed/run.py. */
const ALONE =
  /^(?:standalone|no-python|run-path|use-env|virtual-local-rank|log-line-prefix-template)$/;

/** States how many GPUs a launcher's processes take on all machines. */
export function stateProcesses(
  setting: FileSetting,
  draft: Draft,
  all: FileSettings,
  nodesKey: string,
): void {
  const count = countOf(setting, draft);
  if (count === null) return;
  const text = String(all.get(nodesKey) ?? "1");
  const open = all.raw(nodesKey);
  if (open !== undefined && !all.has(nodesKey)) return;
  // Elastic runs give the least and the most.
  const nodes = readCount(text.split(":").at(-1));
  if (nodes === null) return;
  draft.state(setting, "parallel.gpus", count * nodes);
  if (nodes > 1) draft.state(setting, "parallel.gpus_per_node", count);
}

/** `torchrun`, and what it is short for. */
export const torchrunCommand: Format = {
  id: "torchrun",
  title: "torchrun",
  kind: "shell",
  recognises: () => false,
  command: ({ kind, name, args }) =>
    kind === "program" && name === "torchrun" ||
      kind === "module" && MODULES.includes(name)
      ? launcherValues(args, ALONE)
      : null,
  rules: [
    {
      keys: ["nproc-per-node"],
      fields: ["parallel.gpus"],
      values: "× --nnodes; gpu and auto leave it open",
      read: (setting, draft, all) => {
        if (/^(?:gpu|auto|xpu|npu)$/.test(String(setting.value))) {
          draft.leave(setting, "as many as the machine has", true);
        } else stateProcesses(setting, draft, all, "nnodes");
      },
    },
    {
      keys: ["nnodes"],
      fields: ["parallel.gpus"],
      values: "× --nproc-per-node, which is 1 where it is not given",
      read: (setting, draft, all) => {
        if (all.raw("nproc-per-node") === undefined) {
          stateProcesses(
            { key: setting.key, value: 1 },
            draft,
            all,
            "nnodes",
          );
        }
      },
    },
  ],
  unexpressed: [],
  neutral: [
    anyKeyOf(KEY_END.whole)`
    node-rank rdzv-\w+ rdzv-endpoint standalone max-restarts monitor-interval
    start-method role module no-python run-path log-dir redirects tee
    local-ranks-filter node-rank master-\w+ local-addr logs-specs use-env
    virtual-local-rank log-line-prefix-template numa-binding event-log-handler
    duplicate-\w+ signals-to-handle
  `,
  ],
  finish: (draft, all) => {
    if (
      all.raw("nproc-per-node") === undefined && all.raw("nnodes") === undefined
    ) {
      draft.assume(
        "parallel.gpus",
        1,
        "torchrun starts one process by default",
      );
    }
  },
};
