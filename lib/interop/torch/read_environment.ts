import type { Format } from "../reading/format.ts";
import { readCount, readSwitch } from "../reading/values.ts";

/**
 * What else the allocator can be told.
 *
 * Source: pytorch c10/core/AllocatorConfig.h and docs/source/notes/cuda.rst
 */
const ALLOCATOR: readonly {
  readonly names: RegExp;
  readonly reason: string;
  readonly moves: boolean;
}[] = [
  {
    names: /^garbage_collection_threshold$/,
    reason:
      "cached blocks go back to the driver only where torch.cuda.set_per_process_memory_fraction() limits the process",
    moves: false,
  },
  {
    names: /^pinned_|^release_lock_on_|^graph_capture_|^throw_on_/,
    reason: "decides nothing of the GPU's memory",
    moves: false,
  },
  {
    names: /^roundup_power2_divisions$/,
    reason: "requests are taken to be rounded up to 512 bytes alone",
    moves: true,
  },
  {
    names: /^backend$/,
    reason:
      "PyTorch's own allocator is played; what cudaMallocAsync keeps is not known",
    moves: true,
  },
  {
    names: /^per_process_memory_fraction$/,
    reason: "all of the GPU is taken to be the process's",
    moves: true,
  },
];

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
      fields: [
        "software.expandable_segments",
        "software.max_split_size_mb",
      ],
      values: "expandable_segments:True → true, max_split_size_mb:128 → 128",
      read: (setting, draft) => {
        for (const part of String(setting.value).split(/,(?![^[]*\])/)) {
          const [name = "", value = ""] = part.trim().split(":", 2);
          const one = { key: `${setting.key} ${name}`, value };
          if (name === "expandable_segments") {
            const on = readSwitch(value);
            if (on === null) draft.refuse(one, "must be True or False");
            else draft.state(one, "software.expandable_segments", on);
          } else if (name === "max_split_size_mb") {
            const most = readCount(value);
            if (most === null) {
              draft.refuse(one, "must be a whole number above 0");
            } else draft.state(one, "software.max_split_size_mb", most);
          } else if (name !== "") {
            const known = ALLOCATOR.find(({ names }) => names.test(name));
            draft.leave(
              one,
              known?.reason ?? "no field says how the allocator is set",
              known?.moves ?? true,
            );
          }
        }
      },
    },
  ],
  unexpressed: [],
  neutral: [],
};
