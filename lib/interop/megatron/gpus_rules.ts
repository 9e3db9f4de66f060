import type { Rule } from "../reading/format.ts";
import { countOf } from "../reading/rules.ts";
import { readCount } from "../reading/values.ts";

/** How many GPUs there are, where a launcher's flags stand among the program's. */
export const GPUS_RULES: readonly Rule[] = [
  {
    keys: ["nproc-per-node"],
    fields: ["parallel.gpus"],
    values: "× --nnodes",
    read: (setting, draft, all) => {
      const count = countOf(setting, draft);
      const nodes = readCount(all.get("nnodes") ?? 1);
      if (count === null) return;
      if (nodes === null) {
        draft.refuse(
          { key: "nnodes", value: all.get("nnodes") },
          "must be a whole number above 0",
        );
      } else {
        draft.state(setting, "parallel.gpus", count * nodes);
        if (nodes > 1) draft.state(setting, "parallel.gpus_per_node", count);
      }
    },
  },
  {
    keys: ["nnodes"],
    fields: ["parallel.gpus"],
    read: (setting, draft, all) => {
      if (!all.has("nproc-per-node")) {
        draft.leave(setting, "--nproc_per_node is not given", true);
      }
    },
  },
];
