/** Every number from one to another by a step. */
function* every(from: number, to: number, step: number): Generator<number> {
  for (let size = from; size <= to; size += step) yield size;
}

/** Batches of decoding that are padded to a captured one, least first. */
const DECODED = [1, 2, 4, 8, 12, ...every(16, 256, 8), ...every(272, 496, 16)];
/** The same where a draft model's tokens are verified. */
const VERIFIED = [
  ...every(1, 8, 1),
  ...every(10, 32, 2),
  ...every(40, 64, 4),
  ...every(72, 256, 8),
];
/** Tokens of a prefill that are padded to a captured number. */
const PREFILLED = [
  ...every(4, 32, 4),
  ...every(48, 256, 16),
  ...every(288, 512, 32),
  ...every(576, 1024, 64),
  ...every(1280, 4096, 256),
];

/**
 * How many batches of decoding are captured as CUDA graphs.
 *
 * Source: sgl-project/sglang 0.5.23 srt/arg_groups/cuda_graph_hook.py,
 * generate_decode_cuda_graph_batch_sizes
 *
 * @param max The largest batch, which is always captured.
 */
export function decodeGraphs(max: number, speculates: boolean): number {
  const listed = speculates ? VERIFIED : DECODED;
  const [from, step] = speculates ? [272, 16] : [512, 32];
  const count = listed.filter((size) => size <= max).length +
    steps(from, max, step);
  const isListed = listed.includes(max) ||
    (max >= from && (max - from) % step === 0);
  return isListed ? count : count + 1;
}

/**
 * How many lengths of a prefill are captured.
 *
 * Source: the same file, generate_prefill_cuda_graph_batch_sizes
 */
export function prefillGraphs(max: number): number {
  return PREFILLED.filter((size) => size <= max).length +
    steps(4608, max, 512);
}

function steps(from: number, to: number, step: number): number {
  return to < from ? 0 : Math.floor((to - from) / step) + 1;
}
