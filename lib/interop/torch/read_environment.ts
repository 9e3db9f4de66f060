import type { Format } from "../reading/format.ts";
import { readCount, readSwitch } from "../reading/values.ts";

/** Variables of a command's environment that PyTorch reads. */
export const torchEnvironment: Format = {
  id: "environment",
  title: "PyTorch's environment",
  kind: "shell",
  recognises: () => false,
  environment: [
    "CUDA_VISIBLE_DEVICES",
    "NPROC_PER_NODE",
    "NNODES",
    "PYTORCH_CUDA_ALLOC_CONF",
    "PYTORCH_ALLOC_CONF",
  ],
  rules: [
    {
      keys: ["CUDA_VISIBLE_DEVICES"],
      fields: ["parallel.gpus"],
      values: "how many there are, where no launcher says it",
      read: (setting, draft) => {
        const listed = String(setting.value).split(",")
          .filter((each) => each.trim() !== "");
        if (/^-?\d+$/.test(listed[0] ?? "") && Number(listed[0]) < 0) {
          draft.leave(setting, "training on the CPU takes no GPU memory", true);
        } else {
          draft.assume(
            "parallel.gpus",
            listed.length,
            `CUDA_VISIBLE_DEVICES shows ${listed.length}`,
          );
        }
      },
    },
    {
      keys: ["NPROC_PER_NODE"],
      fields: ["parallel.gpus"],
      values: "× NNODES, where no launcher says it",
      read: (setting, draft, all) => {
        const count = readCount(setting.value);
        const nodes = readCount(all.get("NNODES") ?? 1);
        if (count === null || nodes === null) return;
        draft.assume(
          "parallel.gpus",
          count * nodes,
          `NPROC_PER_NODE is ${count}${nodes > 1 ? `, NNODES ${nodes}` : ""}`,
        );
      },
    },
    {
      keys: ["NNODES"],
      fields: ["parallel.gpus"],
      values: "with NPROC_PER_NODE",
      read: () => {},
    },
    {
      keys: ["PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF"],
      fields: ["software.expandable_segments"],
      values: "expandable_segments:True → true",
      read: (setting, draft) => {
        for (const part of String(setting.value).split(/,(?![^[]*\])/)) {
          const [name = "", value = ""] = part.trim().split(":", 2);
          const one = { key: `${setting.key} ${name}`, value };
          if (name === "expandable_segments") {
            const on = readSwitch(value);
            if (on === null) draft.refuse(one, "must be True or False");
            else draft.state(one, "software.expandable_segments", on);
          } else if (name !== "") {
            draft.leave(one, "no field says how the allocator is set", true);
          }
        }
      },
    },
  ],
  unexpressed: [],
  neutral: [],
};
