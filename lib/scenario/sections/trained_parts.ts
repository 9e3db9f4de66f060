import { field } from "../about.ts";
import { count, pattern } from "../fields.ts";
import { MAX_LAYERS } from "../limits.ts";
import * as when from "../when.ts";

const about = { group: "trained", needs: [when.full] } as const;

/** Which parameters of those of `train.trainable` train. */
export const trainedPartsFields = {
  trainable_layers: field(
    count(-MAX_LAYERS, MAX_LAYERS).refine((layers) => layers !== 0, {
      message: "must not be 0: nothing would train",
    }).nullable().default(null),
    {
      ...about,
      label: "Layers that train",
      help:
        "only the last so many layers of the language model train, or with a minus the first (LLaMA-Factory's `freeze_trainable_layers`)",
      blank: "all",
      flag: "--trainable-layers",
    },
  ),
  trainable_parameters: field(pattern.nullable().default(null), {
    ...about,
    label: "Parameters that train",
    help:
      "only parameters whose whole names a [regular expression](#patterns) matches train: `model\\.layers\\.2[4-7]\\..*|lm_head.*`",
    blank: "all",
    flag: "--trainable-parameters",
  }),
} as const;
