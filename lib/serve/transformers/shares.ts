import { loadOrder } from "../../plan/inventory.ts";
import type { StepPlan } from "../../plan/step_plan.ts";

/** What one of several GPUs holds of a model. */
export interface Share {
  readonly number: number;
  /** Its layers: from, to (not included). */
  readonly layers: readonly [from: number, to: number];
  /** Whether it has what stands before the layers... */
  readonly isFirst: boolean;
  /** ...and what stands behind them. */
  readonly isLast: boolean;
}

/** One GPU that holds all. */
export function wholeShare({ stack }: StepPlan): Share {
  return {
    number: 0,
    layers: [0, stack.layers.length],
    isFirst: true,
    isLast: true,
  };
}

/**
 * How `device_map="auto"` deals a model out over so many GPUs: in order, an even
 * share of its bytes and a quarter more than the largest layer to each; the first
 * one leaves room for a layer, and the last one takes what is left. A GPU that gets
 * nothing is left out.
 *
 * Source: huggingface/accelerate utils/modeling.py, get_balanced_memory and
 * infer_auto_device_map
 *
 * @param how Whether each gets as many layers, and the first one all else, as
 *   LitGPT's generate/sequentially.py has it; bytes of each card.
 */
export function sharesOf(
  plan: StepPlan,
  gpus: number,
  { isEven, usableOf }: {
    readonly isEven: boolean;
    readonly usableOf: (gpu: number) => number;
  },
): Share[] {
  if (gpus === 1) return [wholeShare(plan)];
  if (isEven) return evenShares(plan, gpus);
  const { before, layers, behind } = sizesOf(plan);
  const total = layers.reduce((sum, bytes) => sum + bytes, before + behind);
  const largest = Math.max(...layers);
  const even = Math.floor(total / gpus) + Math.floor(1.25 * largest);
  const room = (gpu: number) =>
    gpu === gpus - 1
      ? Infinity
      : Math.min(even, usableOf(gpu)) - (gpu === 0 ? largest : 0);
  const of: number[] = [];
  let gpu = 0;
  let used = before;
  for (const bytes of layers) {
    while (used + bytes > room(gpu) && gpu < gpus - 1) {
      gpu++;
      used = 0;
    }
    of.push(gpu);
    used += bytes;
  }
  // Its own matrix, where the head has one, is a module as any other.
  const last = behind > 0 && used + behind > room(gpu) && gpu < gpus - 1
    ? gpu + 1
    : gpu;
  return Array.from({ length: last + 1 }, (_, number): Share => {
    const from = of.findIndex((own) => own >= number);
    const begin = from < 0 ? layers.length : from;
    const end = of.findIndex((own) => own > number);
    return {
      number,
      layers: [begin, end < 0 ? layers.length : end],
      isFirst: number === 0,
      isLast: number === last,
    };
  });
}

/** Bytes of each layer, and of what stands before and behind them. */
function sizesOf({ inventory, stack }: StepPlan): {
  readonly before: number;
  readonly layers: number[];
  readonly behind: number;
} {
  const layers = new Array<number>(stack.layers.length).fill(0);
  let before = 0;
  let behind = 0;
  let isBehind = false;
  for (const { buffer, layer } of loadOrder(inventory)) {
    if (layer !== null && buffer.name === `${stack.path}.N`) {
      layers[layer] = (layers[layer] ?? 0) + buffer.bytes;
      isBehind = true;
    } else if (isBehind) behind += buffer.bytes;
    else before += buffer.bytes;
  }
  return { before, layers, behind };
}

function evenShares({ stack: { layers } }: StepPlan, gpus: number): Share[] {
  const each = Math.ceil(layers.length / gpus);
  return Array.from({ length: gpus }, (_, number): Share => ({
    number,
    layers: [
      Math.min(layers.length, number * each),
      Math.min(layers.length, (number + 1) * each),
    ],
    isFirst: number === 0,
    isLast: number === 0,
  }));
}
