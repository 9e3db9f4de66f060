import type { ExpertsCode } from "../families/code/experts.ts";
import { expertsAreLinears } from "../families/code/experts.ts";
import { codeOfType } from "../families/mod.ts";
import { unionOf } from "../tensors/layer_numbers.ts";
import type { LayerRange, Tensor } from "../tensors/tensor.ts";
import type { Facts } from "./settings.ts";

/** A module of a model, or as many alike as its stack has layers. */
export interface Module {
  /** Its path, with N for the number of the layer. */
  path: string;
  /** "other" is what LoRA has no layer for: a norm, a block, a whole stack. */
  kind: "linear" | "embedding" | "conv" | "attention" | "other";
  /** Features that go in and out: a matrix of LoRA is that wide. */
  in: number;
  out: number;
  /** A convolution's kernel; empty for all else. */
  kernel: readonly number[];
  /** Into how many groups a convolution parts its channels. */
  groups: number;
  layers: readonly LayerRange[] | null;
  /** How many such modules each layer has: experts of transformers 4. */
  each: number;
  /** Whether it is the output embedding, which "all-linear" leaves out. */
  head: boolean;
}

/** The modules of a model that hold parameters, themselves or in modules of theirs. */
export function modulesOf(
  tensors: readonly Tensor[],
  { model_type, transformers }: Facts,
): Module[] {
  const own = tensors.flatMap((tensor) => moduleOf(tensor) ?? []);
  const { experts: code } = codeOfType(model_type);
  const experts = expertsAreLinears(code, transformers)
    ? tensors.flatMap((tensor) => expertModules(tensor, code))
    : [];
  const known = new Set([...own, ...experts].map(({ path }) => path));
  return [...own, ...experts, ...othersOf(tensors, known)];
}

const PLAIN = { kernel: [], groups: 1, each: 1, head: false } as const;

/** Heads that are no output embedding: "all-linear" takes them. */
const CLASSIFIER =
  /(?:^|\.)(?:classif\w*|dense_prediction|qa_outputs|score|seq_relationship)\./;

function moduleOf(tensor: Tensor): Module | null {
  const { name, shape, layers, module } = tensor;
  if (name.endsWith(".in_proj_weight")) {
    const [out = 0, width = 0] = shape;
    const path = name.slice(0, -".in_proj_weight".length);
    return { ...PLAIN, path, layers, kind: "attention", in: width, out };
  }
  if (!name.endsWith(".weight")) return null;
  const [first = 0, second = 0, ...kernel] = shape;
  const known = {
    ...PLAIN,
    path: name.slice(0, -".weight".length),
    layers,
    head: tensor.role === "head" && !CLASSIFIER.test(name),
  };
  switch (module) {
    case "linear":
      return { ...known, kind: "linear", in: second, out: first };
    case "conv1d":
      return { ...known, kind: "linear", in: first, out: second };
    case "embedding":
      return { ...known, kind: "embedding", in: first, out: second };
    case "conv": {
      // A 1-D convolution over one channel at a time is a depthwise one.
      const groups = kernel.length === 1 && second === 1 ? first : 1;
      return {
        ...known,
        kind: "conv",
        in: second * groups,
        out: first,
        kernel,
        groups,
      };
    }
    default:
      return null;
  }
}

/** Every module around a parameter that is none of the known ones. */
function othersOf(
  tensors: readonly Tensor[],
  known: ReadonlySet<string>,
): Module[] {
  const layersAt = new Map<string, Set<readonly LayerRange[]> | null>();
  for (const { name, layers } of tensors) {
    const keys = name.split(".");
    const numbered = layers === null ? -1 : keys.indexOf("N");
    let path = "";
    for (const [at, key] of keys.slice(0, -1).entries()) {
      path = at === 0 ? key : `${path}.${key}`;
      if (known.has(path)) continue;
      if (layers === null || numbered === -1 || at < numbered) {
        layersAt.set(path, null);
        continue;
      }
      // Tensors of one block share the list of their layers.
      const lists = layersAt.get(path) ?? new Set();
      layersAt.set(path, lists.add(layers));
    }
  }
  return [...layersAt].map(([path, lists]) => ({
    ...PLAIN,
    path,
    layers: lists && unionOf([...lists]),
    kind: "other",
    in: 0,
    out: 0,
  }));
}

/** The linears of a stack of experts, and its router where that is one too. */
function expertModules(
  tensor: Tensor,
  { names, repeatsRows }: ExpertsCode,
): Module[] {
  const { name, shape, layers, role } = tensor;
  const known = { ...PLAIN, kind: "linear", layers } as const;
  if (
    !repeatsRows && role === "router" && tensor.module === "parameter" &&
    shape.length === 2 &&
    name.endsWith(".weight")
  ) {
    const [experts = 0, hidden = 0] = shape;
    const path = name.slice(0, -".weight".length);
    return [{ ...known, path, in: hidden, out: experts }];
  }
  if (!tensor.expert || shape.length !== 3) return [];
  const [experts = 0, first = 0, second = 0] = shape;
  const at = name.slice(0, name.lastIndexOf("."));
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
