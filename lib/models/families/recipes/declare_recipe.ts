import type { TensorScope } from "../../tensors/tensor_scope.ts";
import type { ModuleKind, Role, Tensor } from "../../tensors/tensor.ts";
import { TooManyTensors } from "../../tensors/tensor_scope.ts";
import { MAX_KINDS } from "../../tensors/limits.ts";
import { pieceOfName } from "../../headers/piece_of_name.ts";
import { roleOfName } from "../../headers/role_of_name.ts";
import type { Family } from "../family.ts";
import { layersByList } from "./layers_by_list.ts";
import { recipeOfClass } from "./of_class.ts";
import type { Recipe, RecipeTensor } from "./recipe.ts";
import { RecipeFields } from "./recipe_fields.ts";

/** Roles whose outputs tensor parallelism deals out, and whose inputs. */
const BY_OUTPUTS: ReadonlySet<Role> = new Set(
  ["q", "k", "v", "qkv", "gate", "up", "gate_up", "head"] as const,
);
const BY_INPUTS: ReadonlySet<Role> = new Set(["o", "down"] as const);

/** Numbers of which none is no attention, and which transformers divides by. */
const HEADS =
  /(^|[._])(n_heads?|num_heads|attention_heads|kv_heads|key_value_heads|head_dim)$/;

/** Declares a class of transformers by the formulas of its tensors. */
export function declaredBy(usual: Recipe): Family {
  return (config, scope) => {
    const recipe = recipeOfClass(usual, config.texts("architectures")[0] ?? "");
    const fields = new RecipeFields(config, recipe);
    for (const [path, type] of Object.entries(recipe.types)) {
      const said = fields.value(`${path}.model_type`);
      if (typeof said === "string" && said !== type) {
        config.refuse(
          `${path}.model_type`,
          `must be ${type}, the only one whose tensors are known in a ${recipe.class}`,
          said,
        );
      }
    }
    for (const [path, usual] of Object.entries(recipe.defaults)) {
      if (HEADS.test(path) && usual !== 0 && fields.value(path) === 0) {
        config.refuse(path, "must be at least 1", 0);
      }
    }
    declareAll(recipe.tensors, recipe, fields, scope);
    asEmbedding(recipe, scope);
  };
}

/**
 * A head whose code stands before the embedding that it shares its matrix with
 * names both: Jina's. It is declared by the embedding's name, as others are.
 */
function asEmbedding(recipe: Recipe, { tensors }: TensorScope): void {
  if (tensors.some(({ role }) => role === "embedding")) return;
  const at = tensors.findIndex(({ name, role }) =>
    role === "head" && name.endsWith(".decoder.weight")
  );
  const head = tensors[at];
  const [name] =
    recipe.tensors.find(([name, , module]) =>
      module === "embedding" && roleOfName(name) === "embedding"
    ) ?? [];
  if (!head || name === undefined) return;
  tensors[at] = {
    ...head,
    name,
    role: "embedding",
    piece: "embeddings",
    module: "embedding",
    split: 0,
    quantized: false,
  };
}

/** Declares what of such a class stands under a place, whatever else its config has. */
export function partDeclaredBy(recipe: Recipe, place: string): Family {
  return (config, scope) => {
    const fields = new RecipeFields(config, recipe);
    const part = recipe.tensors.filter(([name]) => name.startsWith(place));
    declareAll(part, recipe, fields, scope);
  };
}

/** Declares each tensor once: of conditions that stand for one another both may hold. */
function declareAll(
  tensors: readonly RecipeTensor[],
  recipe: Recipe,
  fields: RecipeFields,
  scope: TensorScope,
): void {
  const seen = new Set<string>();
  for (const tensor of tensors) {
    const [name, shape, , rule, conditions] = tensor;
    if (!conditions.every((each) => fields.fulfils(each))) continue;
    const same = JSON.stringify([name, shape, rule]);
    if (seen.has(same)) continue;
    seen.add(same);
    declare(tensor, recipe, fields, scope);
  }
}

function declare(
  [name, shape, module, rule]: RecipeTensor,
  { stacks }: Recipe,
  fields: RecipeFields,
  { tensors }: TensorScope,
): void {
  const length = (stack: string) => fields.size(stacks[stack] ?? 0, stack);
  const stack = name.slice(0, Math.max(0, name.indexOf(".N.")));
  const [list = "", end] = name.split(".M.");
  const inner = end === undefined ? 1 : length(list);
  const found = rule === null
    ? [{ layers: null, shape }]
    : layersByList(rule, length(stack), shape, fields);
  for (const { layers, shape } of found) {
    if (layers?.length === 0) continue;
    const sizes = shape.map((size) => fields.size(size, name));
    for (let at = 0; at < inner; at++) {
      if (tensors.length === MAX_KINDS) throw new TooManyTensors();
      const spelt = end === undefined ? name : `${list}.${at}.${end}`;
      const tensor = described(spelt, sizes, module as ModuleKind);
      tensors.push({ ...tensor, layers });
    }
  }
}

function described(
  name: string,
  shape: readonly number[],
  module: ModuleKind,
): Omit<Tensor, "layers"> {
  const role = module === "norm" ? "norm" : roleOfName(name);
  const isMatrix = module === "linear" && shape.length === 2;
  return {
    name,
    shape,
    role,
    piece: pieceOfName(name, role),
    module,
    split: isMatrix && BY_OUTPUTS.has(role)
      ? 0
      : isMatrix && BY_INPUTS.has(role)
      ? 1
      : role === "embedding"
      ? 0
      : null,
    expert: /(^|\.)experts\./.test(name),
    quantized: isMatrix && role !== "head",
    dtype: null,
  };
}
