import { DTYPE_BYTES } from "../../dtype.ts";
import type { Machine } from "../../machine.ts";
import type { Grad, Parameter, Value } from "../../values.ts";
import { convolutionGradients } from "./causal_convolution.ts";
import { scanBackward } from "./chunk_scan_backward.ts";
import type { ChunkScan } from "./chunks.ts";
import { chunkedSizes } from "./chunks.ts";
import { normPieces } from "./gated_norm.ts";
import {
  castForKernel,
  computed,
  handed,
  Scratch,
} from "./kernel_gradients.ts";

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
  // The output projection runs in autocast's type, whatever the scan read.
  const to = m.autocast ?? dtype;
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
    if (to !== dtype) m.create(many, to, "scan output in autocast's type");
    const read = castForKernel(m, weights.out, to);
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
        const dOut = computed(m, own.out, to, "out_proj weight gradient");
        const dOutBias = own.outBias &&
          computed(m, own.outBias, to, "out_proj bias gradient");
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
      to,
      "output of out_proj",
      node && { node, slot: 0 },
    );
  });
}
