import { assignBackends, liesOn } from "./assign.ts";
import type { Backends } from "./backends.ts";
import { hostOf } from "./backends.ts";
import type { GgmlGraph } from "./graph.ts";
import { GgmlNode } from "./tensor.ts";
import { isView } from "./tensor.ts";
import { sure } from "./sure.ts";

/** Nodes that one backend computes one after the other, and what is copied to it. */
interface Split {
  readonly backend: number;
  readonly start: number;
  end: number;
  readonly inputs: GgmlNode[];
}

/** What the allocator walks through. */
export interface Schedule {
  /** Allocated first, whether they are read or not. */
  readonly leafs: readonly GgmlNode[];
  readonly nodes: readonly GgmlNode[];
  /** How many pieces the graph is cut into. */
  readonly splits: number;
}

/** The most tensors that ggml's node reads. */
const MOST_SOURCES = 10;

/**
 * Cuts a graph into pieces of one backend each, and puts in copies of what a piece
 * reads from elsewhere and what its kernels keep.
 *
 * Source: ggml-org/llama.cpp v0.5.0 ggml/src/ggml-backend.cpp,
 * ggml_backend_sched_split_graph, passes 5 and 6
 */
export function scheduleOf(graph: GgmlGraph, backends: Backends): Schedule {
  assignBackends(graph, backends);
  const read = backends.copies > 1
    ? new Set(graph.nodes.flatMap(({ src }) => src))
    : null;
  const splits = splitsOf(graph, backends);
  const first: GgmlNode[] = [];
  if (read) {
    for (const leaf of graph.leafs) {
      if (leaf.isInput && read.has(leaf)) {
        first.push(...kept(leaf, leaf.backend, backends));
      }
    }
    for (const { backend, inputs } of splits) {
      for (const input of inputs) {
        first.push(...sure(sure(input.copies)[backend]));
      }
    }
  }
  return {
    leafs: [...first, ...graph.leafs],
    nodes: nodesOf(graph, splits, backends),
    splits: splits.length,
  };
}

/** A leaf with what a pipeline keeps beside it while it computes others. */
function kept(
  leaf: GgmlNode,
  backend: number,
  backends: Backends,
): GgmlNode[] {
  const before = leaf.copies?.[backend];
  if (before) return before;
  leaf.isOutput = true;
  const copies = [leaf];
  while (copies.length < backends.copies) {
    copies.push(copyOf(leaf, backend, true));
  }
  return copies;
}

function copyOf(of: GgmlNode, backend: number, isKept: boolean): GgmlNode {
  // It lies as what it is a copy of: gaps of a view are copied too.
  const copy = new GgmlNode("NONE", of.ne, of.unit, [], null, {
    bytes: of.span,
    deviceBytes: of.held ? of.deviceBytes : of.span,
    isStrided: of.isStrided,
    isInput: isKept,
  });
  copy.isOutput = isKept;
  copy.backend = backend;
  return copy;
}

function splitsOf({ nodes }: GgmlGraph, backends: Backends): Split[] {
  const from = Math.max(0, nodes.findIndex(({ op }) => !isView(op)));
  let split: Split = {
    backend: sure(nodes[from]).backend,
    start: 0,
    end: nodes.length,
    inputs: [],
  };
  const splits = [split];
  for (let at = from; at < nodes.length; at += 1) {
    const node = sure(nodes[at]);
    if (isView(node.op)) continue;
    if (
      node.backend !== split.backend ||
      split.inputs.length > 0 && bringsWeights(node, split.backend)
    ) {
      split.end = at;
      split = {
        backend: node.backend,
        start: at,
        end: nodes.length,
        inputs: [],
      };
      splits.push(split);
    }
    node.src = node.src.map((source) =>
      source.backend === split.backend || liesOn(source, split.backend)
        ? source
        : copied(source, split, backends)
    );
  }
  return splits;
}

/** Whether weights have to be copied for a node: those before can then go. */
function bringsWeights({ src }: GgmlNode, backend: number): boolean {
  return src.some((source) =>
    source.held?.isWeight && source.held.backend !== backend
  );
}

function copied(
  source: GgmlNode,
  split: Split,
  { copies }: Backends,
): GgmlNode {
  const all = source.copies ??= [];
  const before = all[split.backend];
  if (before) return sure(before[0]);
  const made = Array.from(
    { length: copies },
    () => copyOf(source, split.backend, copies > 1),
  );
  all[split.backend] = made;
  split.inputs.push(source);
  return sure(made[0]);
}

function nodesOf(
  graph: GgmlGraph,
  splits: readonly Split[],
  backends: Backends,
): GgmlNode[] {
  const keeps = keptBy(graph, splits, backends);
  const nodes: GgmlNode[] = [];
  for (const { backend, start, end, inputs } of splits) {
    for (const input of inputs) {
      nodes.push(dependency([input], input.backend));
      nodes.push(sure(sure(sure(input.copies)[backend])[0]));
    }
    for (let at = start; at < end; at += 1) {
      const node = sure(graph.nodes[at]);
      nodes.push(node);
      const keep = keeps.get(node);
      if (!keep) continue;
      const all = [...keep];
      for (let from = 0; from < all.length; from += MOST_SOURCES) {
        nodes.push(dependency(all.slice(from, from + MOST_SOURCES), backend));
      }
    }
  }
  return nodes;
}

/** A node that computes nothing: what it reads is not freed before it. */
function dependency(on: GgmlNode[], backend: number): GgmlNode {
  const node = new GgmlNode(
    "NONE",
    sure(on[0]).ne,
    sure(on[0]).unit,
    on,
    sure(on[0]),
  );
  node.backend = backend;
  return node;
}

/**
 * What CUDA's fused kernels still read after single nodes would have ended, by the
 * node that it is kept for.
 *
 * Source: ggml-org/llama.cpp ggml/src/ggml-cuda/ggml-cuda.cu,
 * ggml_backend_cuda_graph_optimize
 */
function keptBy(
  { nodes, fusions }: GgmlGraph,
  splits: readonly Split[],
  backends: Backends,
): Map<GgmlNode, Set<GgmlNode>> {
  const keeps = new Map<GgmlNode, Set<GgmlNode>>();
  if (fusions.length === 0) return keeps;
  const places = new Map(nodes.map((node, at) => [node, at]));
  for (const { first, last, keeps: what } of fusions) {
    const from = places.get(first) ?? -1;
    const to = places.get(last) ?? -1;
    const split = splits.find(({ start, end }) => start <= from && to < end);
    if (!split || split.backend === hostOf(backends)) continue;
    const until = what === "first" ? last : nodes[to + 1];
    if (!until) continue;
    const keep = keeps.get(until) ?? new Set();
    keeps.set(until, keep);
    if (what === "first") { for (const source of first.src) keep.add(source); }
    else {
      for (let at = from; at <= to; at += 1) {
        keep.add(sure(nodes[at]));
        for (const source of sure(nodes[at]).src) keep.add(source);
      }
    }
  }
  return keeps;
}
