import type { Config } from "../../config.ts";
import type { Recipe } from "./recipe.ts";

/** The recipe of the class that a config names; the usual one of others. */
export function recipeOfClass(recipe: Recipe, named: string): Recipe {
  const other = Object.hasOwn(recipe.classes, named)
    ? recipe.classes[named]
    : undefined;
  if (!other) return recipe;
  const dropped = new Set(other.drop);
  const moved = (name: string) => other.to + name.slice(other.from.length);
  const isIn = (name: string) => name.startsWith(other.from);
  const body = recipe.tensors.flatMap(([name, ...rest]) =>
    isIn(name) && !dropped.has(moved(name))
      ? [[moved(name), ...rest] as const]
      : []
  );
  const stacks = Object.fromEntries(
    Object.entries(recipe.stacks).flatMap(([path, count]) =>
      isIn(path) ? [[moved(path), count]] : []
    ),
  );
  return {
    ...recipe,
    tensors: [...body, ...other.add],
    stacks: { ...stacks, ...other.stacks },
  };
}

/**
 * Whether some of the configs of a class that were tried came out otherwise, or none
 * was; or a config has otherwise what is known as its class has it alone.
 */
export function isPartlyIn(
  recipe: Recipe,
  named: string,
  config: Config,
): boolean {
  const { usual = {} } = recipe;
  if (Object.keys(usual).length > 0 && !isAs(config, usual)) return true;
  if (named === "" || named === recipe.class) return recipe.partly ?? false;
  const other = Object.hasOwn(recipe.classes, named)
    ? recipe.classes[named]
    : undefined;
  return recipe.partly ?? (other === undefined || (other.partly ?? false));
}

/** Whether a config says nothing else of what another one says. */
function isAs(said: unknown, usual: unknown): boolean {
  if (said === undefined || said === null) return true;
  if (typeof usual !== "object" || usual === null) return said === usual;
  if (typeof said !== "object") return false;
  if (Array.isArray(usual)) {
    return Array.isArray(said) && said.length === usual.length &&
      usual.every((each, at) => isAs(said[at], each));
  }
  return Object.entries(usual).every(([name, each]) =>
    isAs((said as Record<string, unknown>)[name], each)
  );
}
