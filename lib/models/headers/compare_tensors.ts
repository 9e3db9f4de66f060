import { groupDigits } from "../../units/mod.ts";
import type { Tensor } from "../tensors/tensor.ts";
import { copiesOf, elementsOf } from "../tensors/tensor.ts";

/** Tensors of one name and shape, whatever their layers. */
export interface Counted {
  /** With N for every number. */
  name: string;
  shape: readonly number[];
  copies: number;
}

/** How a checkpoint's tensors differ from those that its config describes. */
export interface Comparison {
  /** What the config describes and the checkpoint has not. */
  missing: Counted[];
  /** What the checkpoint has beside. */
  extra: Counted[];
  /** Same name, another shape or number of copies. */
  different: { name: string; config: Counted; headers: Counted }[];
  /** Parameters of the checkpoint less those of the config. */
  difference: number;
  /** The same in a sentence; null when nothing differs. */
  message: string | null;
}

/** Most names that a sentence repeats. */
const MAX_NAMED = 3;

/**
 * Compares what a config describes with what its checkpoint holds. Names of
 * elder releases count as the same where only their beginning changed, and a
 * layer's experts are compared as a whole, however they are stored.
 */
export function compareTensors(
  fromConfig: readonly Tensor[],
  fromHeaders: readonly Tensor[],
): Comparison {
  const config = tally(fromConfig);
  const headers = tally(fromHeaders);
  for (const [key, count] of config) {
    const same = headers.get(key);
    if (!same || elementsIn(same) !== elementsIn(count)) continue;
    config.delete(key);
    headers.delete(key);
  }
  pairOff(
    config,
    headers,
    (count) =>
      `${count.name.split(".").slice(-2).join(".")} ${elementsIn(count)}`,
  );
  const different: Comparison["different"] = [];
  pairOff(config, headers, ({ name }) => name, (count, other) => {
    different.push({ name: count.name, config: count, headers: other });
  });
  const missing = [...config.values()];
  const extra = [...headers.values()];
  const difference = parametersOf(fromHeaders) - parametersOf(fromConfig);
  return {
    missing,
    extra,
    different,
    difference,
    message: sentence({ missing, extra, different, difference }),
  };
}

/** Takes out what both have under a looser key. */
function pairOff(
  config: Map<string, Counted>,
  headers: Map<string, Counted>,
  loose: (count: Counted) => string,
  found: (config: Counted, headers: Counted) => void = () => {},
): void {
  const byLoose = Map.groupBy(headers, ([, count]) => loose(count));
  for (const [key, count] of [...config]) {
    const pair = byLoose.get(loose(count))?.pop();
    if (!pair) continue;
    config.delete(key);
    headers.delete(pair[0]);
    found(count, pair[1]);
  }
}

function tally(tensors: readonly Tensor[]): Map<string, Counted> {
  const counts = new Map<string, Counted>();
  for (const tensor of tensors) {
    const count = counted(tensor);
    const known = counts.get(keyOf(count));
    if (known && tensor.expert) {
      known.shape = [(known.shape[0] ?? 0) + (count.shape[0] ?? 0)];
    } else if (known) known.copies += count.copies;
    else counts.set(keyOf(count), count);
  }
  return counts;
}

function counted(tensor: Tensor): Counted {
  const { shape } = tensor;
  const copies = copiesOf(tensor);
  const name = tensor.name
    .replaceAll(/(^|\.)\d+(?=\.|$)/g, "$1N")
    .replace(/\.block_sparse_moe\./, ".mlp.");
  return tensor.expert
    ? {
      name: name.replace(/\.experts[._].*$/, ".experts"),
      shape: [elementsOf(tensor) * copies],
      copies: 1,
    }
    : { name, shape, copies };
}

/** Packed weights may lie flat or turned: only their elements are compared. */
function keyOf(count: Counted): string {
  return count.name.endsWith(".experts")
    ? count.name
    : `${count.name} ${elementsOf(count)}`;
}

function elementsIn(count: Counted): number {
  return elementsOf(count) * count.copies;
}

function parametersOf(tensors: readonly Tensor[]): number {
  return tensors.reduce(
    (sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor),
    0,
  );
}

function sentence(
  { missing, extra, different, difference }: Omit<Comparison, "message">,
): string | null {
  const parts = [
    named("lacks", missing),
    named("also has", extra),
    reshaped(different),
  ].filter((part) => part !== null);
  // Other names for as many parameters are another release's names.
  if (difference === 0 && different.length === 0) return null;
  const count = difference === 0
    ? "the number of parameters is the same"
    : `${difference > 0 ? "+" : "-"}${
      groupDigits(Math.abs(difference))
    } parameters`;
  return `The checkpoint differs from its config (${count}): it ${
    parts.join("; it ") || "stores more copies"
  }`;
}

/** The first tensor of another size, with both sizes. */
function reshaped(different: Comparison["different"]): string | null {
  const [first] = different;
  if (!first) return null;
  const sizes = (count: Counted): string =>
    `[${count.shape.join(", ")}]${
      count.copies > 1 ? ` × ${count.copies}` : ""
    }`;
  const rest = different.length - 1;
  return `has ${first.name} as ${sizes(first.headers)} instead of ${
    sizes(first.config)
  }${rest > 0 ? `, and ${rest} more of another size` : ""}`;
}

function named(what: string, counts: readonly Counted[]): string | null {
  if (counts.length === 0) return null;
  const names = [...new Set(counts.map(({ name }) => name))];
  const rest = names.length - MAX_NAMED;
  return `${what} ${names.slice(0, MAX_NAMED).join(", ")}${
    rest > 0 ? ` and ${rest} more` : ""
  }`;
}
