import type { LayerRange, Tensor } from "../tensors/tensor.ts";

/** A module that LoRA can adapt: a matrix from `in` to `out` features. */
export interface Module {
  /** Its path, with N for the number of the layer. */
  path: string;
  kind: "linear" | "embedding" | "conv" | "expert";
  in: number;
  out: number;
  layers: readonly LayerRange[] | null;
  /** How many such modules each layer has: experts of transformers 4. */
  each: number;
  /** Whether it is the output embedding, which "all-linear" leaves out. */
  head: boolean;
}

/** Which transformers holds the experts: in 4 each is a module of linears. */
export interface Facts {
  model_type: string;
  transformers: 4 | 5;
}

/** The modules of a model that have a weight matrix. */
export function modulesOf(
  tensors: readonly Tensor[],
  { model_type, transformers }: Facts,
): Module[] {
  return tensors.flatMap((tensor) => {
    const own = moduleOf(tensor);
    if (own) return [own];
    return transformers === 4 ? expertModules(tensor, model_type) : [];
  });
}

function moduleOf(tensor: Tensor): Module | null {
  const { name, shape, layers, module } = tensor;
  if (!name.endsWith(".weight")) return null;
  const [first = 0, second = 0] = shape;
  const known = {
    path: name.slice(0, -".weight".length),
    layers,
    each: 1,
    head: tensor.role === "head",
  };
  switch (module) {
    case "linear":
      return { ...known, kind: "linear", in: second, out: first };
    case "conv1d":
      return { ...known, kind: "linear", in: first, out: second };
    case "embedding":
      return { ...known, kind: "embedding", in: first, out: second };
    default:
      return null;
  }
}

/** The linears that a stack of experts was in transformers 4, and its router. */
function expertModules(tensor: Tensor, type: string): Module[] {
  const { name, shape, layers, role } = tensor;
  const known = { kind: "linear", layers, head: false } as const;
  if (role === "router" && shape.length === 2 && name.endsWith(".weight")) {
    const [experts = 0, hidden = 0] = shape;
    const path = name.slice(0, -".weight".length);
    return [{ ...known, path, in: hidden, out: experts, each: 1 }];
  }
  if (!tensor.expert || shape.length !== 3) return [];
  const [experts = 0, first = 0, second = 0] = shape;
  const at = name.slice(0, name.lastIndexOf("."));
  const names = type === "mixtral"
    ? { gate: "w1", up: "w3", down: "w2" }
    : { gate: "gate_proj", up: "up_proj", down: "down_proj" };
  if (role === "down") {
    return [{
      ...known,
      path: `${at}.${names.down}`,
      in: second,
      out: first,
      each: experts,
    }];
  }
  return [names.gate, names.up].map((each) => ({
    ...known,
    path: `${at}.${each}`,
    in: second,
    out: first / 2,
    each: experts,
  }));
}
