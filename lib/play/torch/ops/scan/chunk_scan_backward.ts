import type { Machine } from "../../machine.ts";
import type { Grad, Value } from "../../values.ts";
import type { ChunkScan } from "./chunks.ts";
import { chunkedSizes } from "./chunks.ts";
import { computed, Scratch } from "./kernel_gradients.ts";

/**
 * The least blocks that kernels are tuned over, for which results of each block
 * are laid out.
 *
 * Source: state-spaces/mamba mamba_ssm/ops/triton/ssd_combined.py (BLOCK_SIZE_min
 * of dD), ssd_chunk_scan.py (BLOCK_SIZE_M_min of ddAcs_stable),
 * ssd_state_passing.py (BLOCK_SIZE_min)
 */
const BLOCKS = { d: 32, decay: 16, passing: 64 } as const;

/**
 * The scan run again and backward, of whose gradients those of x, B, C and dt
 * are written into the caller's tensors.
 *
 * Source: ssd_combined.py, _mamba_chunk_scan_combined_bwd
 *
 * @param gated Whether the scan itself multiplies by the gate.
 * @returns The gradients of the time steps' bias, A and D.
 */
export function scanBackward(
  m: Machine,
  s: Scratch,
  scan: ChunkScan,
  [dtBias, a, d]: readonly [Value, Value, Value],
  gated: boolean,
): [Grad, Grad, Grad] {
  const { batch, sequence, heads, width, state, chunk } = scan;
  const sizes = chunkedSizes(scan);
  const { steps, states, products, inputs, chunks } = sizes;
  const rows = batch * sequence;
  const many = rows * heads * width;
  const dtype = s.dtype;
  const splits = splitsOf(scan, chunks);
  s.make(rows * heads, "time steps, cloned");
  s.make(steps, "sums of decay, again", "fp32");
  s.make(steps, "time steps, again", "fp32");
  s.make(products, "products of C and B, again", "fp32");
  const first = s.make(states, "states of each chunk, again", "fp32");
  const passed = s.make(states, "states before each chunk, again", "fp32");
  s.make(sizes.last, "last states, again", "fp32");
  s.drop(first);
  if (gated) {
    s.make(many, "gated scan output, again");
    s.make(many, "gradient of the scan output");
  }
  const wide = s.make(states, "gradient of states in fp32", "fp32");
  s.make(states, "gradient of states");
  if (dtype !== "fp32") s.make(states, "states in the input's type");
  const blocks = s.make(
    batch * heads * chunks * Math.ceil(width * state / BLOCKS.passing),
    "gradient of decay by blocks",
    "fp32",
  );
  s.make(batch * heads * chunks, "gradient of chunks' decay", "fp32");
  s.drop(blocks, wide);
  if (dtype !== "fp32") s.drop(passed);
  const dBlocks = s.make(
    Math.ceil(chunk / BLOCKS.d) * batch * chunks * heads,
    "gradient of D by blocks",
    "fp32",
  );
  s.make(steps, "gradient of time steps", "fp32");
  const dd = computed(m, d, d.dtype, "gradient of D");
  s.drop(dBlocks);
  for (const name of ["B", "C"]) {
    const pieces = s.make(
      inputs * splits,
      `pieces of ${name}'s gradient`,
      "fp32",
    );
    s.make(steps, `gradient of decay from ${name}`, "fp32");
    s.make(inputs, `gradient of ${name}`, "fp32");
    s.drop(pieces);
  }
  const pieces = s.make(
    products * splits,
    "pieces of products' gradient",
    "fp32",
  );
  s.make(products, "gradient of products of C and B", "fp32");
  s.drop(pieces);
  // A sum over a sequence from its end: turned, summed, turned.
  const turned = s.make(steps, "gradient of decay, turned", "fp32");
  const summed = s.make(steps, "gradient of decay, summed", "fp32");
  s.drop(turned);
  s.make(steps, "gradient of decay to each chunk", "fp32");
  s.drop(summed);
  const rowsOf = s.make(
    steps * Math.ceil(chunk / BLOCKS.decay),
    "gradient of decay by blocks of rows",
    "fp32",
  );
  s.make(steps, "gradient of decay", "fp32");
  s.drop(rowsOf);
  s.drop(s.make(steps, "sum of gradients of decay", "fp32"));
  const da = computed(m, a, "fp32", "gradient of A");
  const dDtBias = computed(m, dtBias, "fp32", "gradient of the dt bias");
  s.end();
  return [dDtBias, da, dd];
}

/**
 * Sums over a group's heads are taken in as many pieces as keep the GPU busy;
 * one where its multiprocessors are not known.
 *
 * Source: ssd_chunk_state.py, _chunk_state_bwd_db: nsplits
 */
function splitsOf(
  { batch, heads, groups, multiprocessors }: ChunkScan,
  chunks: number,
): number {
  if (multiprocessors === null) return 1;
  const ratio = heads / groups;
  const each = Math.max(
    Math.min(Math.ceil(batch * chunks * heads / multiprocessors), ratio),
    1,
  );
  return Math.ceil(ratio / each);
}
