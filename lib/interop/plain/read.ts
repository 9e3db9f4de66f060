import { DEFAULT_SCENARIO } from "../../scenario/default_scenario.ts";
import { isObject } from "../../scenario/fields.ts";
import { leavesOf } from "../../scenario/walk.ts";
import type { Format } from "../reading/format.ts";

/** A Scenario's sections, by which one is told. */
const SECTIONS = Object.keys(DEFAULT_SCENARIO).filter((key) =>
  isObject(DEFAULT_SCENARIO[key as keyof typeof DEFAULT_SCENARIO])
);

/** Headroom's own Scenario, in JSON or YAML. */
export const plainFile: Format = {
  id: "scenario",
  title: "Headroom's scenario",
  kind: "mapping",
  recognises: (values) =>
    SECTIONS.some((section) => {
      const given = values[section];
      const usual = DEFAULT_SCENARIO[section as keyof typeof DEFAULT_SCENARIO];
      return isObject(given) && isObject(usual) &&
        Object.keys(given).some((key) => key in usual);
    }) ||
    typeof values["model"] === "string" &&
      Object.keys(values).every((key) => key in DEFAULT_SCENARIO),
  rules: [],
  unexpressed: [],
  neutral: [],
  finish: (draft, all) => {
    draft.ignored.length = 0;
    draft.complete = true;
    const { model, ...rest } = all.root;
    if (model !== undefined && model !== null) {
      draft.state({ key: "model", value: model }, "model", model);
    }
    for (const { path, value } of leavesOf(rest)) {
      draft.state({ key: path, value }, path, value);
    }
  },
};
