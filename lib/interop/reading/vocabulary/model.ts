import { CATALOGUE, findModel } from "../../../models/catalogue.ts";
import type { Draft, FileSetting } from "../draft.ts";
import type { Rule } from "../format.ts";

/**
 * States a model by its name; a folder's name that the catalogue has stands for
 * the model.
 */
export function stateModel(setting: FileSetting, draft: Draft): void {
  const { value } = setting;
  if (typeof value !== "string" || value.trim() === "") {
    draft.refuse(setting, "must be a name or a path");
    return;
  }
  const name = value.trim().replace(/\/+$/, "");
  const folder = name.split("/").at(-1) ?? "";
  const known = /^[./~$]|^[A-Za-z]:\\/.test(name)
    ? CATALOGUE.find(({ id }) =>
      id.split("/").at(-1)?.toLowerCase() === folder.toLowerCase()
    ) ?? findModel(folder)
    : undefined;
  draft.state(setting, "model", known?.id ?? name);
  if (known) {
    draft.remark(
      "model",
      known.id,
      `${setting.key} is a folder; its name is the catalogue's ${known.id}`,
    );
  }
}

/** The model by its name on the Hub or its folder. */
export function modelRule(keys: readonly string[]): Rule {
  return {
    keys,
    fields: ["model"],
    values: "a Hub id, or a folder whose name the catalogue has",
    read: stateModel,
  };
}
