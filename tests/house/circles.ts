import type { Graph } from "./imports.ts";

/**
 * A way round each knot of files that import each other, the shortest that goes
 * through the knot's first file: "a.ts → b.ts → a.ts".
 */
export function circlesIn(graph: Graph): string[] {
  return knotsIn(graph).map((knot) => {
    const [first = ""] = [...knot].sort();
    return [...wayBack(first, knot, graph), first].join(" → ");
  }).sort();
}

/**
 * Sets of files of which each reaches each other one.
 *
 * Source: Tarjan, "Depth-first search and linear graph algorithms", 1972.
 */
function knotsIn(graph: Graph): ReadonlySet<string>[] {
  const knots: ReadonlySet<string>[] = [];
  const order = new Map<string, number>();
  const open: string[] = [];

  const visit = (file: string): number => {
    const number = order.size;
    order.set(file, number);
    let low = number;
    open.push(file);
    for (const next of graph.get(file)?.files ?? []) {
      if (!graph.has(next)) continue;
      if (!order.has(next)) low = Math.min(low, visit(next));
      else if (open.includes(next)) low = Math.min(low, order.get(next) ?? 0);
    }
    if (low === number) {
      const knot = open.splice(open.indexOf(file));
      if (knot.length > 1 || (graph.get(file)?.files ?? []).includes(file)) {
        knots.push(new Set(knot));
      }
    }
    return low;
  };

  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return knots;
}

/** The shortest way from a file back to itself, without its end. */
function wayBack(
  from: string,
  within: ReadonlySet<string>,
  graph: Graph,
): string[] {
  const ways = [[from]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const next of graph.get(way.at(-1) ?? "")?.files ?? []) {
      if (next === from) return way;
      if (!within.has(next) || seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  throw new Error(`${from} is in no circle`);
}
