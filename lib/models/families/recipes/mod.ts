import type { TensorScope } from "../../tensors/tensor_scope.ts";
import { CACHING_KIN } from "../caching_kin.ts";
import { UNPLAYED } from "../code/unplayed.ts";
import { codeWith } from "../code/usual.ts";
import type { Family, FamilyType, FamilyTypes } from "../family.ts";
import { declaredBy, partDeclaredBy } from "./declare_recipe.ts";
import { isPartlyIn } from "./of_class.ts";
import type { Recipe } from "./recipe.ts";
import { RECIPE_TYPES, recipeOf } from "./recipe_of.ts";

function knownRecipe(type: string): Recipe {
  const recipe = recipeOf(type);
  if (!recipe) throw new RangeError(`There is no recipe of ${type}`);
  return recipe;
}

/**
 * Declares what stands under a place of a type's usual class, for types that have the
 * same part.
 */
export function partOfRecipe(type: string, place: string): Family {
  return (config, scope) =>
    partDeclaredBy(knownRecipe(type), place)(config, scope);
}

/** Tensors that transformers loads in fp32 whatever the others are. */
function keepWide({ tensors }: TensorScope, names: RegExp): void {
  for (const [at, tensor] of tensors.entries()) {
    if (names.test(tensor.name)) tensors[at] = { ...tensor, dtype: "fp32" };
  }
}

/**
 * Types whose tensors are known by formulas that transformers' own code gave, and that
 * no file declares.
 *
 * Source: huggingface/transformers 5.24.0, as tools/truth/recipes.py read it
 *
 * @param written The types of files; of some the code alone is known.
 */
export function recipeTypes(written: FamilyTypes): FamilyTypes {
  return Object.fromEntries(
    RECIPE_TYPES.flatMap(
      (type): [string, FamilyType][] => {
        const own = written[type];
        if (own?.declare) return [];
        const code = own?.code ??
          codeWith({ cache: CACHING_KIN[type] ?? {}, unplayed: UNPLAYED });
        return [[type, {
          declare: (config, scope) => {
            declaredBy(knownRecipe(type))(config, scope);
            own?.buffers?.(config, scope);
            if (code.weights.wide) keepWide(scope, code.weights.wide);
          },
          readsClass: true,
          code,
          isPartly: (named, config) =>
            isPartlyIn(knownRecipe(type), named, config),
        }]];
      },
    ),
  );
}
