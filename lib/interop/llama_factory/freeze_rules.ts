import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Rule } from "../reading/format.ts";
import { readNames } from "../reading/values.ts";
import { knownModel } from "../reading/vocabulary/known_model.ts";

/**
 * Modules that train of the layers that do, by the beginning of what follows a
 * layer's number; and modules outside of layers that train beside, by their names.
 *
 * Source: hiyouga/LLaMA-Factory src/llamafactory/model/adapter.py,
 * _setup_freeze_tuning
 */
export const FREEZE_RULES: readonly Rule[] = [
  {
    keys: ["freeze_trainable_modules"],
    fields: ["train.trainable_parameters"],
    values: "names where finetuning_type is freeze; all → all of these layers",
    read: (setting, draft, all) => {
      if (all.get("finetuning_type") !== "freeze") {
        return draft.leave(setting, "finetuning_type is not freeze");
      }
      const within = withinLayers(all);
      if (within === "") draft.leave(setting, "all of the layers that train");
      else if (!has(all, "freeze_extra_modules")) {
        draft.state(
          setting,
          "train.trainable_parameters",
          `.*\\.\\d+\\.${within}.*`,
        );
      }
    },
  },
  {
    keys: ["freeze_extra_modules"],
    fields: ["train.trainable_parameters"],
    values: "names beside the layers that train, of a model of the catalogue",
    read: (setting, draft, all) => {
      if (all.get("finetuning_type") !== "freeze") {
        draft.leave(setting, "finetuning_type is not freeze");
      } else if (knownModel(draft) === null) {
        draft.leave(
          setting,
          "which layers train beside it is told by the catalogue's models alone",
          true,
        );
      }
    },
  },
];

/**
 * States layers and modules outside of them as one pattern, for layers by themselves
 * leave out all else.
 */
export function finishFreeze(draft: Draft, all: FileSettings): void {
  const key = "freeze_extra_modules";
  const extra = readNames(all.get(key) ?? []) ?? [];
  const model = knownModel(draft);
  const some = Number(draft.valueAt("train.trainable_layers"));
  if (
    all.get("finetuning_type") !== "freeze" || extra.length === 0 ||
    model === null || !Number.isInteger(some)
  ) return;
  const { layers } = model.architecture;
  const chosen = Array.from({ length: layers }, (_, at) => at)
    .filter((at) => some > 0 ? at >= layers - some : at < -some);
  draft.stated.delete("train.trainable_layers");
  draft.assumed.delete("train.trainable_layers");
  draft.state(
    { key, value: extra },
    "train.trainable_parameters",
    `.*\\.(?:${chosen.join("|")})\\.${withinLayers(all)}.*|.*(?:${
      escaped(extra)
    }).*`,
  );
}

/** What names have behind a layer's number; nothing where all do. */
function withinLayers(all: FileSettings): string {
  const names = readNames(all.get("freeze_trainable_modules") ?? []) ?? [];
  return names.length === 0 || names.includes("all")
    ? ""
    : `(?:${escaped(names)})`;
}

function has(all: FileSettings, key: string): boolean {
  return (readNames(all.get(key) ?? []) ?? []).length > 0;
}

function escaped(names: readonly string[]): string {
  return names.map((name) => name.replaceAll(".", "\\.")).join("|");
}
