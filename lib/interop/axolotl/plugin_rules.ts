import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Rule } from "../reading/format.ts";
import { switchOf } from "../reading/rules.ts";
import { isOff, readNames, readSwitch } from "../reading/values.ts";

/** The plugin of a fused loss, which is on unless its switch says otherwise. */
const CUT_CROSS_ENTROPY = "CutCrossEntropyPlugin";
/** The plugin of Liger's kernels, each of which is off unless switched on. */
const LIGER = "LigerPlugin";

/** Plugins that move memory in ways that no field says. */
const UNEXPRESSED: Record<string, string> = {
  DiffusionPlugin: "another objective than the next token is not estimated",
  ExpertParallelPlugin: "what its exchange of tokens holds is not known",
  GrokfastPlugin: "a running mean of all gradients stands beside them",
  KDPlugin: "a teacher's scores are not estimated",
  KernelsPlugin: "what these kernels save has no field",
  LLMCompressorPlugin: "pruning and quantising while training is not known",
  MoraPlugin: "square adapters are not estimated",
  SpectrumPlugin: "a part of the layers trains, which no field says",
};

/**
 * Axolotl's plugins, and the switches that they read.
 *
 * Sources: axolotl-ai-cloud/axolotl @067b021c,
 * src/axolotl/integrations/cut_cross_entropy/args.py (`cut_cross_entropy` is
 * true by default), src/axolotl/integrations/liger/args.py (all of its switches
 * are null by default).
 */
export const PLUGIN_RULES: readonly Rule[] = [
  {
    keys: ["plugins"],
    fields: ["train.loss"],
    values: `${CUT_CROSS_ENTROPY} → fused`,
    read: (setting, draft, all) => {
      const names = readNames(setting.value);
      if (names === null) return draft.refuse(setting, "must be a list");
      for (const path of names) {
        const name = nameOf(path);
        const one = { key: setting.key, value: path };
        if (name === CUT_CROSS_ENTROPY) {
          if (!isOff(all.get("cut_cross_entropy") ?? true)) {
            draft.state(one, "train.loss", "fused");
          } else draft.leave(one, "cut_cross_entropy is switched off");
        } else if (Object.hasOwn(UNEXPRESSED, name)) {
          draft.leave(one, UNEXPRESSED[name] ?? "", true);
        } else {
          draft.leave(
            one,
            name === LIGER
              ? "its switches say which kernels run"
              : "decides no GPU memory of a training step",
          );
        }
      }
    },
  },
  losing("cut_cross_entropy", "fused", CUT_CROSS_ENTROPY),
  losing("liger_fused_linear_cross_entropy", "fused", LIGER),
  losing("chunked_cross_entropy", "chunked", null),
  {
    keys: [
      "liger_rope",
      "liger_rms_norm",
      "liger_glu_activation",
      "liger_swiglu",
      "liger_layer_norm",
    ],
    fields: ["train.kernels"],
    values: "any true → liger",
    read: (setting, draft, all) => {
      const on = switchOf(setting, draft);
      if (on === false) draft.leave(setting, "switched off");
      if (!on) return;
      draft.state(setting, "train.kernels", "liger");
      remarkUnlisted(draft, all, setting.key, "train.kernels", "liger", LIGER);
    },
  },
];

/** A switch of a loss; a plugin, where it has one, has to be listed. */
function losing(key: string, loss: string, plugin: string | null): Rule {
  return {
    keys: [key],
    fields: ["train.loss"],
    values: `true → ${loss}`,
    read: (setting, draft, all) => {
      const on = switchOf(setting, draft);
      if (on === false) draft.leave(setting, "switched off");
      if (!on) return;
      draft.state(setting, "train.loss", loss);
      if (plugin !== null) {
        remarkUnlisted(draft, all, key, "train.loss", loss, plugin);
      }
    },
  };
}

function remarkUnlisted(
  draft: Draft,
  all: FileSettings,
  key: string,
  path: string,
  value: string,
  plugin: string,
): void {
  const listed = readNames(all.get("plugins") ?? []) ?? [];
  if (listed.some((each) => nameOf(each) === plugin)) return;
  if (readSwitch(all.get(key)) !== true) return;
  draft.remark(
    path,
    value,
    `${key} is taken as it is meant: Axolotl reads it where plugins lists ${plugin}`,
  );
}

function nameOf(path: string): string {
  return path.split(".").at(-1) ?? path;
}
