import type { Backends } from "./backends.ts";
import { computes, hostOf, takesOver } from "./backends.ts";
import type { GgmlGraph } from "./graph.ts";
import type { GgmlNode } from "./tensor.ts";
import { isView } from "./tensor.ts";

/**
 * Gives every tensor of a graph its backend: where its memory or its weights lie,
 * else that of its neighbours, GPUs before the host. Those that have one keep it.
 *
 * Source: ggml-org/llama.cpp v0.5.0 ggml/src/ggml-backend.cpp,
 * ggml_backend_sched_split_graph, passes 1 to 4
 */
export function assignBackends(graph: GgmlGraph, backends: Backends): void {
  const { nodes, leafs } = graph;
  for (const leaf of leafs) {
    if (leaf.backend < 0) leaf.backend = placeOf(leaf, backends);
  }
  for (const node of nodes) {
    if (node.backend < 0) node.backend = placeOf(node, backends);
  }
  const computing = nodes.filter(({ op }) => !isView(op));
  const host = hostOf(backends);
  spread(computing, backends, host);
  spread(computing.toReversed(), backends, host);
  spread(computing, backends, -1);
  spread(computing.toReversed(), backends, -1);
  for (const node of computing) {
    if (node.backend < 0) node.backend = mostSupported(node, backends);
  }
  for (const node of nodes) {
    if (node.viewOf !== null && node.backend < 0) {
      node.backend = node.viewOf.backend;
    }
    for (const source of node.src) {
      if (source.backend < 0) {
        source.backend = source.viewOf?.backend ?? node.backend;
      }
    }
    for (let at = 0; at <= host && node.backend < 0; at += 1) {
      if (computes(backends, at, node)) node.backend = at;
    }
  }
}

/** Gives open nodes the backend of the one before; `skipped` is handed on to none. */
function spread(
  nodes: readonly GgmlNode[],
  backends: Backends,
  skipped: number,
): void {
  let current = -1;
  for (const node of nodes) {
    if (node.backend >= 0) {
      current = node.backend === skipped ? -1 : node.backend;
    } else if (current >= 0 && computes(backends, current, node)) {
      node.backend = current;
    }
  }
}

/** Where a tensor has to or should be computed by what it holds; -1 for anywhere. */
function placeOf(tensor: GgmlNode, backends: Backends): number {
  const host = hostOf(backends);
  const own = tensor.held ?? tensor.viewOf?.held ?? null;
  if (own) {
    return computes(backends, own.backend, tensor) ? own.backend : host;
  }
  if (tensor.isInput) return host;
  // Their weights are too small to say where they run: factors of the rotation, sinks.
  if (tensor.op === "ROPE" || tensor.op === "FLASH_ATTN_EXT") return -1;
  for (const { held } of tensor.src) {
    if (!held?.isWeight) continue;
    if (held.backend === host && backends.offloads && takesOver(tensor)) {
      for (let gpu = 0; gpu < host; gpu += 1) {
        if (computes(backends, gpu, tensor)) return gpu;
      }
    }
    return computes(backends, held.backend, tensor) ? held.backend : -1;
  }
  return -1;
}

function mostSupported(node: GgmlNode, backends: Backends): number {
  let best = -1;
  let most = -1;
  for (let at = 0; at <= hostOf(backends); at += 1) {
    if (!computes(backends, at, node)) continue;
    const count = node.src.filter((source) => liesOn(source, at)).length;
    if (count > most) {
      most = count;
      best = at;
    }
  }
  return best;
}

/** Whether a backend reads a tensor where it lies. */
export function liesOn(tensor: GgmlNode, backend: number): boolean {
  const held = (tensor.viewOf ?? tensor).held;
  if (held) return held.backend === backend;
  const own = tensor.backend < 0 && tensor.viewOf
    ? tensor.viewOf.backend
    : tensor.backend;
  return own === backend;
}
