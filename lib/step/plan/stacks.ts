import type { LayerRange, Tensor } from "../../models/tensors/tensor.ts";

/** Layers that hold the same tensors. */
export interface LayerKind {
  /** By the name that each has inside its layer, such as "mlp.up_proj.weight". */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly id: number;
}

/** A stack of layers, each of some kind. */
export interface Stack {
  /** The path before the layer's number, such as "model.layers". */
  readonly path: string;
  readonly kinds: readonly LayerKind[];
  /** The kind of each layer. */
  readonly layers: readonly LayerKind[];
}

/** Finds the stacks of layers that a model's tensors form. */
export function stacksOf(tensors: readonly Tensor[]): Stack[] {
  const byPath = new Map<string, Tensor[]>();
  for (const tensor of tensors) {
    const at = tensor.layers === null ? -1 : tensor.name.indexOf(".N.");
    if (at < 0) continue;
    const path = tensor.name.slice(0, at);
    const known = byPath.get(path);
    if (known) known.push(tensor);
    else byPath.set(path, [tensor]);
  }
  return [...byPath].map(([path, own]) => stackOf(path, own));
}

function stackOf(path: string, tensors: readonly Tensor[]): Stack {
  const count = Math.max(
    ...tensors.flatMap(({ layers }) => (layers ?? []).map(([, to]) => to)),
  );
  const kinds = new Map<string, LayerKind>();
  const layers: LayerKind[] = [];
  for (let layer = 0; layer < count; layer++) {
    const own = tensors.filter((tensor) => holds(tensor.layers, layer));
    const key = own.map((tensor) => tensors.indexOf(tensor)).join(" ");
    const kind = kinds.get(key) ?? {
      id: kinds.size,
      tensors: new Map(
        own.map((tensor) => [tensor.name.slice(path.length + 3), tensor]),
      ),
    };
    kinds.set(key, kind);
    layers.push(kind);
  }
  return { path, kinds: [...kinds.values()], layers };
}

function holds(layers: readonly LayerRange[] | null, layer: number): boolean {
  return (layers ?? []).some(([from, to, step]) =>
    layer >= from && layer < to && (layer - from) % step === 0
  );
}
