import type { Tensor } from "../models/tensors/tensor.ts";

/** Layers that hold the same tensors. */
export interface LayerKind {
  /** By the name that each has inside its layer, such as "mlp.up_proj.weight". */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly id: number;
  /** LoRA's tensors in them, by the names that these have inside a layer. */
  readonly adapters?: ReadonlyMap<string, Tensor>;
  /** Whether they look at a window of the tokens before them alone. */
  readonly sliding?: boolean;
  /** Whether their heads are not turned by positions, though others' are. */
  readonly unturned?: boolean;
}

/** A stack of layers, each of some kind. */
export interface LayerStack {
  /** The path before the layer's number, such as "model.layers". */
  readonly path: string;
  readonly kinds: readonly LayerKind[];
  /** The kind of each layer. */
  readonly layers: readonly LayerKind[];
}

/** Finds the stacks of layers that a model's tensors form. */
export function stacksOf(tensors: readonly Tensor[]): LayerStack[] {
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

function stackOf(path: string, tensors: readonly Tensor[]): LayerStack {
  const count = Math.max(
    ...tensors.flatMap(({ layers }) => (layers ?? []).map(([, to]) => to)),
  );
  const kinds = new Map<string, LayerKind>();
  const layers = membersOf(tensors, count).map((own) => {
    const key = own.join(" ");
    const known = kinds.get(key);
    if (known) return known;
    const kind = {
      id: kinds.size,
      tensors: new Map(
        own.flatMap((at) => tensors[at] ?? [])
          .map((tensor) => [tensor.name.slice(path.length + 3), tensor]),
      ),
    };
    kinds.set(key, kind);
    return kind;
  });
  return { path, kinds: [...kinds.values()], layers };
}

/** The places of the tensors that each layer holds. */
function membersOf(tensors: readonly Tensor[], count: number): number[][] {
  const members = Array.from({ length: count }, (): number[] => []);
  for (const [at, { layers }] of tensors.entries()) {
    for (const [from, to, step] of layers ?? []) {
      for (let layer = from; layer < to; layer += step) {
        const own = members[layer];
        // Ranges may overlap.
        if (own && own.at(-1) !== at) own.push(at);
      }
    }
  }
  return members;
}
