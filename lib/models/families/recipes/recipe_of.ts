import type { Recipe } from "./recipe.ts";
import recipes from "./recipes.json" with { type: "json" };

// The file's own type is a union of every entry in it.
const RECIPES = recipes as unknown as Readonly<Record<string, Recipe>>;

/** Every type that has formulas. */
export const RECIPE_TYPES: readonly string[] = Object.keys(RECIPES);

/** The formulas of a type, read when they are asked for: few of the many are. */
export function recipeOf(type: string): Recipe | null {
  return Object.hasOwn(RECIPES, type) ? RECIPES[type] ?? null : null;
}
