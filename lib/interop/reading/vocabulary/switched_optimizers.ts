import { findOptimizer } from "../../../optimizers/spellings.ts";
import type { Draft, FileSetting } from "../draft.ts";
import type { FileSettings, Rule } from "../format.ts";
import { plainText } from "../plain_text.ts";
import { switchOf } from "../rules.ts";
import { readSwitch } from "../values.ts";
import { stateOptimizer } from "./optimizer_names.ts";

/**
 * Switches of optimizers; of GaLore `optim` says the kind, and of the others nothing.
 *
 * @param switches A Scenario's optimizers by the keys that switch them on.
 * @param quantises The key that has GaLore's projections quantised.
 */
export function switchedOptimizers(
  switches: Readonly<Record<string, string>>,
  quantises: string | null = null,
): Rule[] {
  return [
    ...Object.entries(switches).map(([key, name]): Rule => ({
      keys: [key],
      fields: ["optimizer.name", "optimizer.bits"],
      values: name === "galore"
        ? "true → galore, by optim in 8 bits or galore-adafactor"
        : `true → ${name}`,
      read: (setting, draft, all) => {
        const on = switchOf(setting, draft);
        if (on === false) return draft.leave(setting, "switched off");
        if (!on) return;
        if (name === "galore") stateGalore(setting, draft, all, quantises);
        else draft.state(setting, "optimizer.name", name);
      },
    })),
    {
      keys: ["optim"],
      fields: ["optimizer.name", "optimizer.bits"],
      values: "the Trainer's names, where no switch names another",
      read: (setting, draft, all) => {
        const other = Object.keys(switches).find((key) =>
          readSwitch(all.get(key)) === true
        );
        if (other === undefined) stateOptimizer(setting, draft);
        else draft.leave(setting, `read with ${other}`);
      },
    },
  ];
}

/** GaLore's Adam, its Adam in 8 bits, its Adafactor, or Q-GaLore, as `optim` says. */
function stateGalore(
  setting: FileSetting,
  draft: Draft,
  all: FileSettings,
  quantises: string | null,
): void {
  const base = findOptimizer(plainText(all.get("optim") ?? "adamw_torch"));
  if (base?.name === "adafactor") {
    return draft.state(setting, "optimizer.name", "galore-adafactor");
  }
  if (quantises !== null && readSwitch(all.get(quantises)) === true) {
    return draft.state(setting, "optimizer.name", "q-galore");
  }
  draft.state(setting, "optimizer.name", "galore");
  if (base?.bits === 8) draft.state(setting, "optimizer.bits", 8);
}
