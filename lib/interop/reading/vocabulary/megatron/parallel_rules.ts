import type { Rule } from "../../format.ts";
import { counted, countOf, switched } from "../../rules.ts";
import { plainText } from "../../plain_text.ts";
import { readCount } from "../../values.ts";

/** How GPUs share the model. */
export const MEGATRON_PARALLEL_RULES: readonly Rule[] = [
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
  counted([
    "num-virtual-stages-per-pipeline-rank",
    "virtual-pipeline-model-parallel-size",
  ], "parallel.virtual_pipeline"),
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
