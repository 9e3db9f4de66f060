import type { Draft, FileSetting } from "../draft.ts";
import type { Rule } from "../format.ts";
import { plainText } from "../plain_text.ts";
import { switchOf } from "../rules.ts";

/** What a Scenario calls torchao's recipes. */
const RECIPES: ReadonlyMap<string, string> = new Map([
  ["tensorwise", "tensorwise"],
  ["rowwise", "rowwise"],
  ["rowwise_with_gw_hp", "rowwise-gw"],
]);

/** What a Scenario calls Transformer Engine's. */
const SCALINGS: ReadonlyMap<string, string> = new Map([
  ["delayed", "delayed"],
  ["tensorwise", "tensorwise"],
  ["mxfp8", "mxfp8"],
]);

/** Why gathered weights are told apart. */
export const GATHERED =
  "weights are taken to be gathered in their own type, of two bytes an element and not of one";

/** States a recipe of torchao's by its name. */
export function stateRecipe(
  setting: FileSetting,
  draft: Draft,
  name: string,
): void {
  const recipe = RECIPES.get(name);
  if (recipe) draft.state(setting, "precision.fp8", recipe);
  else {
    draft.leave(
      setting,
      `no field says this recipe: ${[...RECIPES.keys()].join(", ")} are known`,
      true,
    );
  }
}

/** A switch for torchao's fp8, whose recipe another key may name. */
export function float8Switch(
  key: string,
  recipe: string | null = null,
  usual = "tensorwise",
): Rule {
  return {
    keys: [key],
    fields: ["precision.fp8"],
    values: recipe === null ? `true → ${usual}` : `true → as ${recipe} says`,
    read: (setting, draft, all) => {
      const on = switchOf(setting, draft);
      if (on === false) return draft.leave(setting, "switched off");
      if (!on) return;
      const named = recipe === null ? undefined : all.get(recipe);
      stateRecipe(setting, draft, plainText(named ?? usual));
    },
  };
}

/** A recipe that is read with the switch. */
export function recipeOf(key: string, on: string): Rule {
  return {
    keys: [key],
    fields: ["precision.fp8"],
    values: [...RECIPES.keys()].join(", "),
    read: (setting, draft, all) => {
      if (all.has(on)) return;
      draft.leave(setting, `${on} is not set`);
    },
  };
}

/** States one of Transformer Engine's recipes by its name. */
export function stateScaling(
  setting: FileSetting,
  draft: Draft,
  name: string,
): void {
  const scaling = SCALINGS.get(name.toLowerCase());
  if (scaling) draft.state(setting, "precision.fp8", scaling);
  else {
    draft.leave(
      setting,
      `no field says this recipe: ${[...SCALINGS.keys()].join(", ")} are known`,
      true,
    );
  }
}

/**
 * States what a recipe of Megatron-Bridge's mixed precision says of fp8.
 *
 * Source: NVIDIA-NeMo/Megatron-Bridge src/megatron/bridge/training/mixed_precision.py
 */
export function stateMixedScaling(
  setting: FileSetting,
  draft: Draft,
  name: string,
): void {
  if (!/fp8|fp4/.test(name)) return;
  const scaling = /mxfp8/.test(name)
    ? "mxfp8"
    : /current_scaling/.test(name)
    ? "tensorwise"
    : /delayed_scaling|_with_fp8_mixed$/.test(name)
    ? "delayed"
    : name;
  stateScaling(setting, draft, scaling);
  // Each of its recipes sets fp8_param_gather, but the one of subchannels.
  if (SCALINGS.has(scaling)) {
    draft.state(setting, "precision.fp8_parameters", true);
  }
}
