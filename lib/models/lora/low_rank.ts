import type { Tensor } from "../tensors/tensor.ts";
import type { Module } from "./module.ts";
import type { LoraSettings } from "./settings.ts";

/** A and B of each module, and DoRA's magnitudes. */
export function lowRank(
  module: Module,
  { rank, dora }: LoraSettings,
): Tensor[] {
  const suffix = module.kind === "embedding"
    ? ["lora_embedding_A.default", "lora_embedding_B.default"]
    : ["lora_A.default.weight", "lora_B.default.weight"];
  const each = module.each === 1 ? [] : [module.each];
  const pointwise = module.kernel.map(() => 1);
  const shapes: [string, number[]][] = [
    [suffix[0] ?? "", [...each, rank, module.in, ...module.kernel]],
    [suffix[1] ?? "", [
      ...each,
      module.out,
      rank / module.groups,
      ...pointwise,
    ]],
  ];
  if (dora) {
    shapes.push(["lora_magnitude_vector.default.weight", [
      ...each,
      module.out,
    ]]);
  }
  if (module.kind === "attention") {
    // PyTorch's attention has an output that is adapted with it.
    const inner = `base_layer.out_proj.`;
    shapes.push(
      [`${inner}lora_A.default.weight`, [rank, module.in]],
      [`${inner}lora_B.default.weight`, [module.in, rank]],
    );
  }
  return shapes.map(([name, shape]) =>
    adapter(`${module.path}.${name}`, shape, module.layers)
  );
}

/** A and B of a bare parameter: of all experts at once where it is 3-D. */
export function lowRankParameter(tensor: Tensor, rank: number): Tensor[] {
  const [experts, first = 1, second = 1] = tensor.shape.length === 3
    ? tensor.shape
    : [1, ...tensor.shape];
  const ranks = rank * (experts ?? 1);
  return [
    adapter(
      `${tensor.name}.lora_A.default.weight`,
      [ranks, first],
      tensor.layers,
    ),
    adapter(
      `${tensor.name}.lora_B.default.weight`,
      [second, ranks],
      tensor.layers,
    ),
  ];
}

function adapter(
  path: string,
  shape: number[],
  layers: Tensor["layers"],
): Tensor {
  return {
    name: `base_model.model.${path}`,
    shape,
    layers,
    role: "other",
    piece: "language_model",
    module: "linear",
    split: null,
    expert: false,
    quantized: false,
    dtype: null,
  };
}
