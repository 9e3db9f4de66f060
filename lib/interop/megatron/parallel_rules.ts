import type { Rule } from "../reading/format.ts";
import { counted, countOf, switched } from "../reading/rules.ts";
import { plainText } from "../reading/plain_text.ts";
import { readCount } from "../reading/values.ts";

/** How many GPUs there are and how they share the model. */
export const PARALLEL_RULES: readonly Rule[] = [
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
  counted("tensor-model-parallel-size", "parallel.tp"),
  counted("pipeline-model-parallel-size", "parallel.pp"),
  counted("context-parallel-size", "parallel.cp"),
  counted("expert-model-parallel-size", "parallel.ep"),
  switched("sequence-parallel", "parallel.sequence_parallel", true, false),
  {
    keys: ["num-layers-per-virtual-pipeline-stage"],
    fields: ["parallel.virtual_pipeline"],
    values: "layers ÷ pp ÷ it",
    read: (setting, draft, all) => {
      const count = countOf(setting, draft);
      const layers = readCount(all.get("num-layers"));
      const pp = readCount(all.get("pipeline-model-parallel-size") ?? 1);
      if (count === null || layers === null || pp === null) return;
      const chunks = layers / pp / count;
      if (Number.isInteger(chunks)) {
        draft.state(setting, "parallel.virtual_pipeline", chunks);
      } else {
        draft.refuse(
          setting,
          `must divide the ${layers / pp} layers of a stage`,
        );
      }
    },
  },
  counted("num-virtual-stages-per-pipeline-rank", "parallel.virtual_pipeline"),
  counted("expert-tensor-parallel-size", "parallel.etp"),
  counted(
    "decoder-first-pipeline-num-layers",
    "parallel.layers_of_first_stage",
  ),
  counted("decoder-last-pipeline-num-layers", "parallel.layers_of_last_stage"),
  {
    keys: ["cp-comm-type"],
    fields: ["parallel.cp_kind"],
    values: "p2p → ring, a2a → ulysses",
    read: (setting, draft) => {
      const kinds = { p2p: "ring", a2a: "ulysses" } as const;
      const name = plainText(setting.value);
      if (name === "p2p" || name === "a2a") {
        draft.state(setting, "parallel.cp_kind", kinds[name]);
      } else draft.leave(setting, "neither a ring nor Ulysses alone", true);
    },
  },
];
