import type { Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { readNames, readSwitch } from "../reading/values.ts";
import { GATHERED, stateRecipe } from "../reading/vocabulary/float8.ts";

/** Where torchtitan's releases have fp8's settings. */
const TABLES = ["float8", "quantize.linear.float8"] as const;

/** A setting's keys in all of them. */
function inTables(name: string): string[] {
  return TABLES.map((table) => `${table}.${name}`);
}

/**
 * torchtitan's conversion of linear layers.
 *
 * Source: pytorch/torchtitan torchtitan/components/quantization/float8.py
 */
export const TITAN_FLOAT8_RULES: readonly Rule[] = [
  {
    keys: ["model.converters"],
    fields: ["precision.fp8"],
    values: "float8 → tensorwise, or as recipe_name says",
    read: (setting, draft, all) => {
      for (const name of readNames(setting.value) ?? []) {
        const one = { key: setting.key, value: name };
        if (!TABLES.some((table) => table === name)) {
          draft.leave(one, "no field says what it converts", true);
          continue;
        }
        const recipe = inTables("recipe_name").map((key) => all.get(key))
          .find((value) => value !== undefined) ?? "tensorwise";
        stateRecipe(one, draft, plainText(recipe));
      }
    },
  },
  {
    keys: [...inTables("recipe_name")],
    fields: ["precision.fp8"],
    values: "tensorwise, rowwise, rowwise_with_gw_hp",
    read: (setting, draft, all) => {
      if (!all.has("model.converters")) {
        draft.leave(setting, "model.converters does not name float8");
      }
    },
  },
  {
    keys: [
      ...inTables("enable_fsdp_float8_all_gather"),
      ...inTables("precompute_float8_dynamic_scale_for_fsdp"),
    ],
    fields: [],
    read: (setting, draft) =>
      draft.leave(setting, GATHERED, readSwitch(setting.value) === true),
  },
  {
    keys: [...inTables("filter_fqns"), ...inTables("moe_fqns_prototype")],
    fields: [],
    read: (setting, draft) =>
      draft.leave(setting, "all linear layers are taken to be converted"),
  },
  {
    keys: [...inTables("emulate"), "model.print_after_conversion"],
    fields: [],
    read: (setting, draft) => draft.leave(setting, "takes no memory"),
  },
];
