import type { LayerRange, Tensor } from "../../models/tensors/tensor.ts";
import { copiesOf } from "../../models/tensors/tensor.ts";

/** What becomes of a tensor, and of each layer's, as a model is gone through. */
export interface TensorTurn {
  readonly tensor: Tensor;
  /** Bytes that stay of each. */
  readonly adds: number;
  /** The most that each takes in its turn, in bytes, beside what stood before. */
  readonly reaches: number;
  /** What is done with it that takes more than it is, in words. */
  readonly doing: string;
}

/** The highest point of turns. */
export interface Highest {
  /** What stood before, in bytes. */
  readonly before: number;
  /** Whose turn it was; null: what stands once all have had theirs. */
  readonly turn: TensorTurn | null;
  readonly bytes: number;
}

/** Tensors of a stack of which each turn is looked at. */
const MOST = 64;

/**
 * Takes tensors one by one, those of a stack layer by layer, in the order that they
 * are given in. Of each kind its last layer's is the highest.
 *
 * @param base Bytes that stand before.
 */
export function highestOf(turns: readonly TensorTurn[], base: number): Highest {
  const stacks = Map.groupBy(
    turns,
    ({ tensor: { name, layers } }) =>
      layers === null ? name : name.split(".N.")[0],
  );
  let standing = base;
  let highest: Highest = { before: base, turn: null, bytes: base };
  for (const stack of stacks.values()) {
    const steepest = [...stack]
      .sort((a, b) => (b.reaches - b.adds) - (a.reaches - a.adds))
      .slice(0, MOST);
    for (const turn of steepest) {
      const before = standing + beforeIn(stack, turn);
      const bytes = before + turn.reaches;
      if (bytes > highest.bytes) highest = { before, turn, bytes };
    }
    standing += stack.reduce(
      (sum, { tensor, adds }) => sum + copiesOf(tensor) * adds,
      0,
    );
  }
  return standing >= highest.bytes
    ? { before: standing, turn: null, bytes: standing }
    : highest;
}

/** What a stack has added when the last layer's tensor of a kind has its turn. */
function beforeIn(stack: readonly TensorTurn[], turn: TensorTurn): number {
  const { layers } = turn.tensor;
  if (layers === null) return 0;
  const last = lastOf(layers);
  const own = stack.indexOf(turn);
  return stack.reduce((sum, { tensor, adds }, at) => {
    const until = copiesBelow(tensor.layers ?? [], at < own ? last + 1 : last);
    return sum + until * adds;
  }, 0);
}

function lastOf(layers: readonly LayerRange[]): number {
  return layers.reduce((most, [from, to, step]) => {
    const steps = Math.ceil((to - from) / step);
    return steps > 0 ? Math.max(most, from + (steps - 1) * step) : most;
  }, 0);
}

function copiesBelow(layers: readonly LayerRange[], end: number): number {
  return copiesOf({
    layers: layers.map(([from, to, step]) => [from, Math.min(to, end), step]),
  });
}
