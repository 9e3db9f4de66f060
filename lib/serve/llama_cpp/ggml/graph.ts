import type { Extent, Held, Op, TensorOptions } from "./tensor.ts";
import { GgmlNode } from "./tensor.ts";

const F32 = 4;
const F16 = 2;
const I32 = 4;
const I64 = 8;

/** Bytes of an element of the types that are not quantised. */
export const UNIT = { F32, F16, I32, I64 } as const;

/** Nodes that one CUDA kernel computes: what they read is kept until its end. */
export interface Fusion {
  readonly first: GgmlNode;
  readonly last: GgmlNode;
  /**
   * What is kept: what the first node reads, until the last one; or all that they
   * read and make, until the one behind them.
   */
  readonly keeps: "first" | "all";
}

/** Extents of up to four dimensions. */
export function extent(a: number, b = 1, c = 1, d = 1): Extent {
  return [a, b, c, d];
}

/**
 * A graph in the order in which ggml computes it: nodes follow what they read,
 * from the first time on that something is asked for.
 *
 * Source: ggml-org/llama.cpp ggml/src/ggml.c, ggml_build_forward_expand,
 * ggml_visit_parents
 */
export class GgmlGraph {
  readonly nodes: GgmlNode[] = [];
  readonly leafs: GgmlNode[] = [];
  readonly fusions: Fusion[] = [];
  /** Flash attention, and where the layers lie that it is of. */
  readonly attentions: { readonly node: GgmlNode; readonly layer: number }[] =
    [];

  /** Puts a tensor and all that it needs into the graph. */
  expand(tensor: GgmlNode): GgmlNode {
    this.#visit(tensor);
    return tensor;
  }

  #visit(tensor: GgmlNode): void {
    if (tensor.isVisited) return;
    tensor.isVisited = true;
    for (const source of tensor.src) this.#visit(source);
    (tensor.op === "NONE" ? this.leafs : this.nodes).push(tensor);
  }

  input(ne: Extent, unit: number): GgmlNode {
    return new GgmlNode("NONE", ne, unit, [], null, { isInput: true });
  }

  /** A tensor of a buffer that the graph does not allocate. */
  stored(
    ne: Extent,
    unit: number,
    held: Held,
    deviceBytes?: number,
  ): GgmlNode {
    return new GgmlNode("NONE", ne, unit, [], null, {
      held,
      ...(deviceBytes === undefined ? {} : { deviceBytes }),
    });
  }

  /** An operation whose result has a shape of its own. */
  make(
    op: Op,
    ne: Extent,
    src: GgmlNode[],
    unit = F32,
    options?: TensorOptions,
  ): GgmlNode {
    return new GgmlNode(op, ne, unit, src, null, options);
  }

  /** An operation whose result has the shape of its first source. */
  like(op: Op, first: GgmlNode, ...rest: GgmlNode[]): GgmlNode {
    return new GgmlNode(op, first.ne, first.unit, [first, ...rest]);
  }

  /** An operation that writes into what its result is a view of. */
  into(op: Op, target: GgmlNode, src: GgmlNode[]): GgmlNode {
    return new GgmlNode(op, target.ne, target.unit, src, target);
  }

  /** A view of a part that lies in one piece. */
  view(of: GgmlNode, ne: Extent): GgmlNode {
    return new GgmlNode("VIEW", ne, of.unit, [of], of);
  }

  /** A view of the same elements in another shape. */
  again(of: GgmlNode, ne: Extent): GgmlNode {
    return new GgmlNode("VIEW", ne, of.unit, [of], of, {
      isStrided: of.isStrided,
      span: of.span,
    });
  }

  /**
   * A view of a piece out of every `group` elements; of every row where that is
   * not said.
   */
  slice(of: GgmlNode, ne: Extent, group = of.ne[0]): GgmlNode {
    const pieces = of.elements / group;
    const piece = ne[0] * ne[1] * ne[2] * ne[3] / pieces;
    return new GgmlNode("VIEW", ne, of.unit, [of], of, {
      isStrided: true,
      span: ((pieces - 1) * group + piece) * of.unit,
    });
  }

  reshape(of: GgmlNode, ne: Extent): GgmlNode {
    return new GgmlNode("RESHAPE", ne, of.unit, [of], of);
  }

  /** Dimensions in another order; `ne` is their result. */
  permute(of: GgmlNode, ne: Extent): GgmlNode {
    return new GgmlNode("PERMUTE", ne, of.unit, [of], of, {
      isStrided: true,
      span: of.span,
    });
  }

  transpose(of: GgmlNode): GgmlNode {
    const [a, b, c, d] = of.ne;
    return new GgmlNode("TRANSPOSE", [b, a, c, d], of.unit, [of], of, {
      isStrided: true,
      span: of.span,
    });
  }

  /** A view whose second and third dimensions are swapped. */
  swapped(of: GgmlNode): GgmlNode {
    const [a, b, c, d] = of.ne;
    return this.permute(of, [a, c, b, d]);
  }

  cont(of: GgmlNode, ne: Extent = of.ne): GgmlNode {
    return this.make("CONT", ne, [of], of.unit);
  }

  /** `weight` is [in, out, matrices]; what it multiplies has rows of `in`. */
  matmul(weight: GgmlNode, by: GgmlNode): GgmlNode {
    return this.make("MUL_MAT", [weight.ne[1], by.ne[1], by.ne[2], by.ne[3]], [
      weight,
      by,
    ]);
  }

  /** The matrices of `experts` that `ids` name for each token. */
  matmulOf(experts: GgmlNode, by: GgmlNode, ids: GgmlNode): GgmlNode {
    return this.make("MUL_MAT_ID", [experts.ne[1], ids.ne[0], by.ne[2], 1], [
      experts,
      by,
      ids,
    ]);
  }

  rows(of: GgmlNode, ids: GgmlNode): GgmlNode {
    return this.make("GET_ROWS", [of.ne[0], ids.ne[0], ids.ne[1], ids.ne[2]], [
      of,
      ids,
    ]);
  }

  concat(a: GgmlNode, b: GgmlNode): GgmlNode {
    return this.make("CONCAT", [
      a.ne[0] + b.ne[0],
      a.ne[1],
      a.ne[2],
      a.ne[3],
    ], [a, b]);
  }

  sumRows(of: GgmlNode): GgmlNode {
    return this.make("SUM_ROWS", [1, of.ne[1], of.ne[2], of.ne[3]], [of]);
  }

  /** The first `count` of each row in order: ids, of all rows' sorted ones. */
  top(of: GgmlNode, count: number): GgmlNode {
    const sorted = this.make("ARGSORT", of.ne, [of], I32);
    return this.slice(sorted, [count, of.ne[1], of.ne[2], of.ne[3]]);
  }

  /** Copies `value` into `target`, which lies elsewhere. */
  copy(value: GgmlNode, target: GgmlNode): GgmlNode {
    return this.into("CPY", target, [value, target]);
  }
}
