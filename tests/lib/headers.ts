import type { HeaderTensor } from "../../lib/models/headers/mod.ts";
import type { Tensor } from "../../lib/models/tensors/tensor.ts";

/** Every tensor of a model as a checkpoint lists it: one a layer. */
export function headersOf(
  tensors: readonly Tensor[],
  store: (tensor: HeaderTensor, of: Tensor) => HeaderTensor[] = (tensor) => [
    tensor,
  ],
): HeaderTensor[] {
  return tensors.flatMap((tensor) => {
    const { name, shape, layers } = tensor;
    const names = layers === null ? [name] : layers.flatMap((
      [from, to, step],
    ) =>
      Array.from(
        { length: Math.ceil((to - from) / step) },
        (_, at) => name.replace(".N.", `.${from + at * step}.`),
      )
    );
    return names.flatMap((name) =>
      store({ name, shape, dtype: "BF16" }, tensor)
    );
  });
}
