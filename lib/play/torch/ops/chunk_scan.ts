import type { Grad, Machine, Parameter, Value } from "../machine.ts";
import { DTYPE_BYTES } from "../dtype.ts";
import {
  castForKernel,
  computed,
  handed,
  Scratch,
} from "./kernel_gradients.ts";
import { convolutionGradients } from "./selective_scan.ts";

/** The sizes of a chunked scan of Mamba's second version. */
export interface ChunkScan {
  readonly batch: number;
  readonly sequence: number;
  /** Tokens of a chunk. */
  readonly chunk: number;
  readonly heads: number;
  /** Channels of a head. */
  readonly width: number;
  readonly groups: number;
  /** Numbers of a channel's state. */
  readonly state: number;
  /** Of the GPU, which decides how sums are split; null where not known. */
  readonly multiprocessors: number | null;
}

/** Parameters that the kernels read in place of their modules. */
export interface SplitWeights {
  readonly conv: Parameter;
  readonly convBias: Parameter | null;
  readonly dtBias: Parameter;
  readonly d: Parameter;
  readonly norm: Parameter | null;
  readonly out: Parameter;
  readonly outBias: Parameter | null;
}

/**
 * The least blocks that kernels are tuned over, for which results of each block
 * are laid out.
 *
 * Source: state-spaces/mamba mamba_ssm/ops/triton/ssd_combined.py (BLOCK_SIZE_min
 * of dD), ssd_chunk_scan.py (BLOCK_SIZE_M_min of ddAcs_stable),
 * ssd_state_passing.py (BLOCK_SIZE_min)
 */
const BLOCKS = { d: 32, decay: 16, passing: 64 } as const;

/** Channels a convolution by rows reads at a time. Source: ensure_stride */
const ALIGNED = 8;

/**
 * From the input projection to the output projection in one Function, which
 * saves what it read and the scan's output, and runs all else again.
 *
 * Source: state-spaces/mamba mamba_ssm/ops/triton/ssd_combined.py,
 * MambaSplitConv1dScanCombinedFn; the norm's: layernorm_gated.py
 *
 * @param projected [rows × (gate + channels + 2 groups × state + heads)]
 */
export function splitChunkScan(
  m: Machine,
  projected: Value,
  scan: ChunkScan,
  weights: SplitWeights,
  a: Value,
): Value {
  const { batch, sequence, heads, width, groups, state } = scan;
  const rows = batch * sequence;
  const { dtype } = projected;
  const inner = heads * width;
  const many = rows * inner;
  const mixed = rows * (inner + 2 * groups * state);
  const isAligned = projected.elements / rows % ALIGNED === 0;
  const hidden = weights.out.elements / inner;
  const sizes = chunkedSizes(scan);
  return m.call(() => {
    const own = {
      conv: m.parameter(weights.conv),
      convBias: weights.convBias && m.parameter(weights.convBias),
      dtBias: m.parameter(weights.dtBias),
      d: m.parameter(weights.d),
      norm: weights.norm && m.parameter(weights.norm),
      out: m.parameter(weights.out),
      outBias: weights.outBias && m.parameter(weights.outBias),
    };
    const aligned = isAligned
      ? null
      : m.create(mixed, dtype, "scan input, aligned");
    m.create(mixed, dtype, "convolved x, B and C");
    if (aligned) m.drop(aligned);
    m.create(sizes.steps, "fp32", "sums of decay");
    m.create(sizes.steps, "fp32", "time steps");
    const wide = m.create(sizes.states, "fp32", "states of each chunk");
    m.create(sizes.states, dtype, "states before each chunk");
    m.create(sizes.last, "fp32", "last states");
    m.drop(wide);
    const products = m.create(sizes.products, "fp32", "products of C and B");
    if (!own.norm) m.create(many, dtype, "gated scan output");
    const scanned = m.create(many, dtype, "scan output");
    m.drop(products);
    if (own.norm) m.create(many, dtype, "normed scan output");
    const root = own.norm &&
      m.create(rows * groups, "fp32", "reciprocal roots of the gated norm");
    const read = castForKernel(m, weights.out, dtype);
    const node = m.record(
      [
        projected,
        own.conv,
        own.convBias,
        own.dtBias,
        a,
        own.d,
        own.norm,
        own.out,
        own.outBias,
      ],
      [projected, scanned, a, root, read],
      () => {
        const s = new Scratch(m, dtype);
        s.make(many, "normed scan output, again");
        const copy = isAligned ? null : s.make(mixed, "scan input, aligned");
        s.make(mixed, "convolved x, B and C, again");
        if (copy) s.drop(copy);
        const given = computed(
          m,
          projected,
          dtype,
          "gradient of the projection",
        );
        s.make(mixed, "gradient of convolved x, B and C");
        s.make(many, "gradient of out_proj's input");
        let dNorm: Grad | null = null;
        if (own.norm) {
          s.make(many, "gradient of the scan output");
          const pieces = s.make(
            normPieces(scan, inner, DTYPE_BYTES[dtype]) * inner,
            "pieces of the norm's gradient",
            "fp32",
          );
          dNorm = computed(m, own.norm, "fp32", "gated norm's gradient");
          if (own.norm.dtype !== "fp32") {
            const wide = dNorm;
            dNorm = computed(m, own.norm, own.norm.dtype, "norm's gradient");
            m.free(wide);
          }
          s.drop(pieces);
        }
        const [dDtBias, da, dd] = scanBackward(
          m,
          new Scratch(m, dtype),
          scan,
          [own.dtBias, a, own.d],
          own.norm === null,
        );
        const dOut = computed(m, own.out, dtype, "out_proj weight gradient");
        const dOutBias = own.outBias &&
          computed(m, own.outBias, dtype, "out_proj bias gradient");
        if (!isAligned) {
          s.make(mixed, "scan input, aligned");
          s.make(mixed, "gradient of the scan input, aligned");
        }
        const [dConv, dConvBias] = convolutionGradients(
          m,
          own.conv,
          own.convBias,
        );
        s.end();
        return [
          handed(m, projected, given),
          handed(m, own.conv, dConv),
          handed(m, own.convBias, dConvBias),
          handed(m, own.dtBias, dDtBias),
          handed(m, a, da),
          handed(m, own.d, dd),
          handed(m, own.norm, dNorm),
          handed(m, own.out, dOut),
          handed(m, own.outBias, dOutBias),
        ];
      },
    );
    return m.create(
      rows * hidden,
      dtype,
      "output of out_proj",
      node && { node, slot: 0 },
    );
  });
}

/** Elements of what a scan lays out by chunks. */
function chunkedSizes(
  { batch, sequence, chunk, heads, width, groups, state }: ChunkScan,
) {
  const chunks = Math.ceil(sequence / chunk);
  return {
    /** [batch × heads × chunks × chunk] */
    steps: batch * heads * chunks * chunk,
    /** [batch × chunks × heads × width × state] */
    states: batch * chunks * heads * width * state,
    /** [batch × heads × width × state] */
    last: batch * heads * width * state,
    /** [batch × chunks × groups × chunk × chunk] */
    products: batch * chunks * groups * chunk * chunk,
    /** [batch × sequence × groups × state] */
    inputs: batch * sequence * groups * state,
    chunks,
  };
}

/**
 * The scan run again and backward, of whose gradients those of x, B, C and dt
 * are written into the caller's tensors.
 *
 * Source: ssd_combined.py, _mamba_chunk_scan_combined_bwd
 *
 * @param gated Whether the scan itself multiplies by the gate.
 * @returns The gradients of the time steps' bias, A and D.
 */
function scanBackward(
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

/** Widest row of a gated norm's kernel, in bytes, and its warps' features. */
const NORM = { bytes: 65536, perWarp: 256, warps: 8, wanted: 4 } as const;

/**
 * Rows of the pieces that a gated norm's weight gradient is summed from.
 *
 * Source: layernorm_gated.py, _layer_norm_bwd: nrow_groups
 */
function normPieces(
  { groups, multiprocessors }: ChunkScan,
  inner: number,
  bytes: number,
): number {
  if (multiprocessors === null) return 1;
  const block = Math.min(
    NORM.bytes / bytes,
    2 ** Math.ceil(Math.log2(inner / groups)),
  );
  const warps = Math.min(
    Math.max(Math.floor(block / NORM.perWarp), 1),
    NORM.warps,
  );
  return Math.ceil(multiprocessors * Math.ceil(NORM.wanted / warps) / groups);
}
