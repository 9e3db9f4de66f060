import { GIB } from "../../units/mod.ts";

/** A way to spread a model over GPUs, and what each of them holds. */
export interface Strategy {
  name: string;
  tp: number;
  pp: number;
  ep: number;
  dp: number;
  bytes_per_gpu: number;
  /** The least class of memory in GB that holds it; null above the largest. */
  least_gb: number | null;
}

/** Classes of memory that the calculator names, in its GB of 2^30. */
export const MEMORY_CLASSES = [4, 8, 16, 24, 40, 80] as const;

const WAYS = [2, 4, 8] as const;
const PAIRS = [[2, 2], [2, 4], [4, 2], [4, 4]] as const;

type Split = Omit<Strategy, "bytes_per_gpu" | "least_gb">;

/**
 * Spreads memory over GPUs by the calculator's rule: tensor, pipeline and expert
 * parallelism divide it, data parallelism holds a whole copy on each.
 *
 * @param bytes What the whole model needs.
 * @param experts Routed experts of a layer; 0 for a dense model.
 */
export function strategiesOf(bytes: number, experts: number): Strategy[] {
  return splits(experts).map((split) => {
    const perGpu = bytes / (split.tp * split.pp * split.ep);
    return {
      ...split,
      bytes_per_gpu: Math.round(perGpu),
      least_gb: leastClass(perGpu),
    };
  });
}

/** The least class of memory that holds so many bytes; null where none does. */
export function leastClass(bytes: number): number | null {
  return MEMORY_CLASSES.find((gb) => bytes <= gb * GIB) ?? null;
}

function splits(experts: number): Split[] {
  const whole = { tp: 1, pp: 1, ep: 1, dp: 1 };
  return [
    { name: "Single GPU", ...whole },
    ...WAYS.map((tp) => ({ name: "Tensor Parallel", ...whole, tp })),
    ...WAYS.map((pp) => ({ name: "Pipeline Parallel", ...whole, pp })),
    ...PAIRS.map(([tp, pp]) => ({ name: "TP + PP", ...whole, tp, pp })),
    ...WAYS.filter((ep) => experts > 0 && experts % ep === 0)
      .map((ep) => ({ name: "Expert Parallel", ...whole, ep })),
    ...WAYS.map((dp) => ({ name: "Data Parallel", ...whole, dp })),
  ];
}
