import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { headsOf } from "./blocks.ts";
import { turnedInPart } from "./code/parts.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";
import { declaredBy } from "./recipes/declare_recipe.ts";
import { recipeOf } from "./recipes/recipe_of.ts";

/**
 * Phi-4-multimodal as its own code has it: transformers' phi4_multimodal with
 * adapters of its images and its sounds in every layer, which stand in its
 * checkpoint.
 *
 * Source: the code beside the weights of microsoft/Phi-4-multimodal-instruct
 * (modeling_phi4mm.py), as Blaizzy/mlx-vlm models/phi4mm has it; 5.57 billion
 * are published
 */
export const phi4mm: Family = (config, scope) => {
  const recipe = recipeOf("phi4_multimodal");
  if (recipe) declaredBy(recipe)(config, scope);
  for (const key of ["vision_lora", "speech_lora"]) {
    if (config.has(key)) adapters(config, key, scope);
  }
};

function adapters(config: ConfigReader, key: string, scope: TensorScope): void {
  const rank = config.inner(key).size("r");
  const { hidden, heads, kvHeads, headDim } = headsOf(config);
  const inner = config.size("intermediate_size");
  const layer = scope.scope("model").layers(
    "layers",
    allLayers(config.size("num_hidden_layers")),
  );
  for (
    const [name, inputs, outputs] of [
      ["self_attn.qkv_proj", hidden, (heads + 2 * kvHeads) * headDim],
      ["self_attn.o_proj", heads * headDim, hidden],
      ["mlp.gate_up_proj", hidden, 2 * inner],
      ["mlp.down_proj", inner, hidden],
    ] as const
  ) {
    const which = key.slice(0, key.indexOf("_"));
    const plain = { role: "other", plain: true } as const;
    layer.linear(`${name}.lora_A.${which}`, inputs, rank, plain);
    layer.linear(`${name}.lora_B.${which}`, rank, outputs, plain);
  }
}

/** The types of this file. */
export const PHI4MM_TYPES: FamilyTypes = {
  phi4mm: {
    ...ofClasses(phi4mm, turnedInPart(0.75), { unplayed: UNPLAYED }),
    isPartly: () => true,
  },
};
