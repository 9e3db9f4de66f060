import type { Draft, FileSetting } from "./draft.ts";
import type { Format, Rule } from "./format.ts";
import { hasUnset, unsetIn, withDollars } from "./shell/unset.ts";

/** Fields that cost no memory: nobody is asked for them. */
const COSTLESS: ReadonlySet<string> = new Set([
  "train.gradient_accumulation",
  "train.lora.alpha",
  "train.lora.rslora",
  "train.lora.dropout",
  "engine.gradient_clipping",
]);

/**
 * Asks for the variables that a setting's value stands for, where nothing in the
 * text sets them.
 *
 * @returns Whether the setting has to wait.
 */
export function waitsForVariable(
  setting: FileSetting,
  { fields }: Rule,
  draft: Draft,
  { kind }: Pick<Format, "kind">,
): boolean {
  const text = typeof setting.value === "string"
    ? setting.value
    : Array.isArray(setting.value)
    ? setting.value.filter((each) => typeof each === "string").join(" ")
    : "";
  if (text === "???") {
    // What OmegaConf writes for what has to be given.
    const [path = ""] = fields;
    draft.want({
      kind: "field",
      name: path,
      paths: [path],
      key: setting.key,
      reason: `${setting.key} has to be given: give ${path}`,
    });
    return true;
  }
  if (!hasUnset(text)) return false;
  const shown = { ...setting, value: withDollars(text) };
  const last = text.slice(text.lastIndexOf("/") + 1);
  const isNamed = fields.includes("model") ||
    fields.includes("engine.zero_stage");
  if (isNamed && !hasUnset(last) && last !== "" && last !== text) {
    // Where a folder or a file lies does not matter, only its name does.
    setting.value = withDollars(text);
    return false;
  }
  if (fields.length === 0 || fields.every((path) => COSTLESS.has(path))) {
    draft.leave(shown, "not set in the text, and costs no memory");
    return true;
  }
  if (setting.key.startsWith("tokenizer")) {
    draft.leave(shown, "not set in the text");
    return true;
  }
  const written = kind === "mapping" ? setting.key : `--${setting.key}`;
  for (const name of unsetIn(text)) {
    const [path = ""] = fields;
    draft.want({
      kind: name === "" ? "field" : "variable",
      name: name === "" ? path : name,
      paths: [...fields],
      key: setting.key,
      reason: name === ""
        ? `${written} is what a command prints: give ${path}`
        : `${written} is $${name}, which the text does not set: give ${name}`,
    });
  }
  return true;
}
