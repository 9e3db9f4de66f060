import type { Tensor } from "../tensors/tensor.ts";
import type { Module } from "./module.ts";
import { LORA, MAGNITUDE, PEFT_PREFIX, TABLE_LORA } from "./names.ts";
import type { LoraSettings } from "./settings.ts";

/** A and B of each module, and DoRA's magnitudes. */
export function lowRank(
  module: Module,
  { rank, dora }: LoraSettings,
): Tensor[] {
  const { a, b } = module.kind === "embedding" ? TABLE_LORA : LORA;
  const each = module.each === 1 ? [] : [module.each];
  const pointwise = module.kernel.map(() => 1);
  const shapes: [string, number[]][] = [
    [a, [...each, rank, module.in, ...module.kernel]],
    [b, [
      ...each,
      module.out,
      rank / module.groups,
      ...pointwise,
    ]],
  ];
  if (dora) {
    shapes.push([MAGNITUDE, [
      ...each,
      module.out,
    ]]);
  }
  if (module.kind === "attention") {
    // PyTorch's attention has an output that is adapted with it.
    const inner = `base_layer.out_proj.`;
    shapes.push(
      [`${inner}${LORA.a}`, [rank, module.in]],
      [`${inner}${LORA.b}`, [module.in, rank]],
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
      `${tensor.name}.${LORA.a}`,
      [ranks, first],
      tensor.layers,
    ),
    adapter(
      `${tensor.name}.${LORA.b}`,
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
    name: `${PEFT_PREFIX}${path}`,
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
