import { GIB } from "../units/mod.ts";

/**
 * What a process that trains holds on a GPU outside of PyTorch's allocator: the
 * CUDA context, loaded kernels and the local memory of their threads, in GiB, by
 * the beginning of the GPU's name.
 *
 * A100's is fitted: the median of nvidia-smi less the replayed allocator over
 * FMS's one-GPU runs of high confidence, so it covers what the replay lacks too.
 * No run tells the others' apart from their allocator; theirs are assumed, and
 * drivers and libraries move them by a third.
 */
const CONTEXT_GIB: readonly (readonly [name: RegExp, gib: number])[] = [
  [/^(T4|V100|P100|K80)/, 0.3],
  [/^(A100|A800)/, 1.75],
  [/^(H100|H200|H800|H20|GH200)/, 0.55],
  [/^(B100|B200|B300|GB200|GB300)/, 0.7],
];

/** The rest: RTX cards, A10, A40, L4, L40. */
const USUAL_GIB = 0.4;

/** The bytes that a process holds on a GPU outside of PyTorch's allocator. */
export function contextBytes(gpu: string | null): number {
  const known = CONTEXT_GIB.find(([name]) => gpu !== null && name.test(gpu));
  return Math.round((known?.[1] ?? USUAL_GIB) * GIB);
}
