import type { Machine } from "../torch/machine.ts";
import type { Parameter, Value } from "../torch/values.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import {
  cast,
  multiply,
  savingInput,
  scaled,
  split,
} from "../torch/ops/arithmetic.ts";
import { norm } from "../torch/ops/norms.ts";
import type { ChunkScan } from "../torch/ops/scan/chunks.ts";
import { plainChunkScan } from "../torch/ops/scan/plain_chunk_scan.ts";
import { plainConvolution } from "../torch/ops/scan/plain_convolution.ts";
import type { SplitWeights } from "../torch/ops/scan/split_chunk_scan.ts";

/** What follows a Mamba-2 mixer's input projection where no kernels are. */
export interface PlainHeaded {
  readonly rows: number;
  readonly scan: ChunkScan;
  readonly weights: SplitWeights;
  /** Whether padding is taken out of what was convolved too. */
  readonly masked: boolean;
  readonly outProj: AdaptedLinear;
}

/**
 * Convolution, scan, gated norm and output projection by PyTorch's own operations
 * and modules.
 *
 * Source: huggingface/transformers 5.24.0 models/falcon_h1/modeling_falcon_h1.py,
 * FalconH1Mixer; models/granitemoehybrid/modeling_granitemoehybrid.py,
 * GraniteMoeHybridMambaLayer
 *
 * @param a A of each head.
 */
export function plainHeadedLayer(
  m: Machine,
  projected: Value,
  a: Value,
  plan: PlainHeaded,
): Value {
  const { rows, scan, weights } = plan;
  const { batch, heads, width, groups, state } = scan;
  const inner = rows * heads * width;
  const shared = rows * groups * state;
  return m.call(() => {
    const [gate, mixed, steps] = split(m, projected, [
      inner,
      inner + 2 * shared,
      rows * heads,
    ]) as [Value, Value, Value];
    let convolved = plainConvolution(m, mixed, {
      weight: weights.conv,
      bias: weights.convBias,
      batch,
      isActive: true,
    });
    m.drop(mixed);
    if (plan.masked) {
      const next = scaled(m, convolved, "convolved input without padding");
      m.drop(convolved);
      convolved = next;
    }
    const [x, b, c] = split(m, convolved, [inner, shared, shared]) as [
      Value,
      Value,
      Value,
    ];
    const { d, dtBias } = weights;
    const scanned = plainChunkScan(m, { x, b, c, steps, a, d, dtBias }, scan);
    const gated = weights.norm
      ? gatedNorm(m, scanned, gate, rows * groups, weights.norm)
      : gatedBy(m, scanned, gate);
    m.drop(scanned);
    const narrow = cast(m, gated, projected.dtype, "gated scan output");
    return adaptedLinear(m, narrow, rows, plan.outProj);
  });
}

function gatedBy(m: Machine, x: Value, gate: Value): Value {
  const active = savingInput(m, gate, "SiLU of the gate");
  const out = multiply(m, x, active, "gated scan output");
  m.drop(active);
  return out;
}

/** A gate in fp32, and a norm by groups behind it. */
function gatedNorm(
  m: Machine,
  x: Value,
  gate: Value,
  rows: number,
  weight: Parameter,
): Value {
  return m.call(() => {
    const wide = cast(m, gate, "fp32", "gate in fp32");
    const product = gatedBy(m, x, wide);
    m.drop(wide);
    return norm(m, product, rows, { kind: "rms", weight, bias: null }, "gate");
  });
}
