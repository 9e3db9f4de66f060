import { CATALOGUE, findModel } from "../../../models/catalogue.ts";
import type { Draft, FileSetting } from "../draft.ts";
import type { Rule } from "../format.ts";

/** What documentation writes where a reader puts a name of their own. */
const PLACEHOLDER =
  /^<[^>]*>$|^\[[^\]]*\]$|^(?:path|your|my)[-_/ ]|^\/?path\/to\/(?:your|the|model|checkpoint|pretrained)|^(?:model_path|MODEL_PATH|model_name|xxx+)$/i;

/**
 * States a model by its name; a folder's name that the catalogue has stands for
 * the model.
 */
export function stateModel(setting: FileSetting, draft: Draft): void {
  const { value } = setting;
  if (typeof value !== "string") {
    draft.refuse(setting, "must be a name or a path");
    return;
  }
  if (value.trim() === "" || PLACEHOLDER.test(value.trim())) {
    draft.want({
      kind: "field",
      name: "model",
      paths: ["model"],
      key: setting.key,
      reason: value.trim() === ""
        ? `${setting.key} is left empty: give model`
        : `${setting.key} stands for a path of your own: give model`,
    });
    return;
  }
  const name = value.trim().replace(/\/+$/, "");
  const known = ofFolder(name);
  draft.state(setting, "model", known?.id ?? name);
  if (known) {
    draft.remark(
      "model",
      known.id,
      `${setting.key} names it by its last part, which is the catalogue's ${known.id}`,
    );
  }
}

/** The model of the catalogue that a folder's name stands for. */
export function ofFolder(name: string): { readonly id: string } | null {
  if (!isFolder(name)) return null;
  const folder = name.split("/").at(-1) ?? "";
  return CATALOGUE.find(({ id }) =>
    id.split("/").at(-1)?.toLowerCase() === folder.toLowerCase()
  ) ?? findModel(folder);
}

/** Whether only a name's last part tells the model. */
function isFolder(name: string): boolean {
  return /^[./~$]|^[A-Za-z]:\\/.test(name) || name.split("/").length > 2 ||
    /^(?:models?|ckpts?|checkpoints?|pretrained)\//.test(name);
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
