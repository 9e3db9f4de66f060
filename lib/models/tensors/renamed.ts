import type { TensorScope } from "./tensor_scope.ts";

/**
 * Declares what another model has under names of its own.
 *
 * @param scope Where it is declared, from the top of the model.
 * @param rename The name here; null leaves it out.
 */
export function declareRenamed(
  scope: TensorScope,
  { tensors, buffers }: Pick<TensorScope, "tensors" | "buffers">,
  rename: (name: string) => string | null,
): void {
  for (const tensor of tensors) {
    const name = rename(tensor.name);
    if (name !== null) scope.tensors.push({ ...tensor, name });
  }
  for (const buffer of buffers) {
    const name = rename(buffer.name);
    if (name !== null) scope.buffers.push({ ...buffer, name });
  }
}

/** Keeps what stands under a place, perhaps under another. */
export function under(
  place: string,
  at = place,
): (name: string) => string | null {
  return (name) =>
    name.startsWith(place) ? at + name.slice(place.length) : null;
}
