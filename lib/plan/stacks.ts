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
  /** Whether they cut their gates off, though others may not. */
  readonly cutsGate?: boolean;
  /** Whether later layers read their keys and values. */
  readonly gives?: boolean;
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
  const groups = [
    ...Map.groupBy(tensors, ({ layers }) => (layers ?? []).flat().join(" "))
      .values(),
  ];
  const kinds = new Map<string, LayerKind>();
  const layers = kindNames(groups, count).map((name) => {
    const known = kinds.get(name);
    if (known) return known;
    const numbers = name.split(" ");
    const own = new Set(
      groups.filter((_, at) => numbers.includes(`${at}`)).flat(),
    );
    const kind = {
      id: kinds.size,
      tensors: new Map(
        tensors.filter((tensor) => own.has(tensor))
          .map((tensor) => [tensor.name.slice(path.length + 3), tensor]),
      ),
    };
    kinds.set(name, kind);
    return kind;
  });
  return { path, kinds: [...kinds.values()], layers };
}

/** The groups of tensors in the same layers that each layer holds, by number. */
function kindNames(
  groups: readonly (readonly Tensor[])[],
  count: number,
): string[] {
  const names = new Array<string>(count).fill("");
  for (const [at, [one]] of groups.entries()) {
    // Ranges may overlap.
    const seen = new Uint8Array(count);
    const name = `${at} `;
    for (const [from, to, step] of one?.layers ?? []) {
      for (let layer = from; layer < to; layer += step) {
        if (seen[layer] === 1) continue;
        seen[layer] = 1;
        names[layer] = names[layer] === "" ? name : `${names[layer]}${name}`;
      }
    }
  }
  return names;
}
