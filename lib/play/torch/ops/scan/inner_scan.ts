import type { Machine } from "../../machine.ts";
import type { Parameter, Value } from "../../values.ts";
import { convolutionGradients } from "./causal_convolution.ts";
import {
  castForKernel,
  computed,
  handed,
  Scratch,
  turned,
} from "./kernel_gradients.ts";
import type { ScanConstants, SelectiveScan } from "./selective_scan.ts";
import { chunkStates } from "./selective_scan.ts";

/** Parameters that one kernel reads in place of their modules. */
export interface InnerWeights {
  readonly conv: Parameter;
  readonly convBias: Parameter | null;
  readonly x: Parameter;
  readonly dt: Parameter;
  readonly out: Parameter;
  readonly outBias: Parameter | null;
}

/**
 * From the input projection to the output projection in one Function, which
 * runs its convolution and its time steps again backward.
 *
 * Source: state-spaces/mamba mamba_ssm/ops/selective_scan_interface.py,
 * MambaInnerFn with checkpoint_lvl 1
 *
 * @param projected [rows × 2 inner], by token.
 * @param norms Whether time steps, B and C are normed: Falcon Mamba.
 */
export function innerScan(
  m: Machine,
  projected: Value,
  scan: SelectiveScan,
  weights: InnerWeights,
  { a, d, dtBias }: ScanConstants,
  norms: boolean,
): Value {
  const { batch, sequence, inner, state, rank } = scan;
  const rows = batch * sequence;
  const { dtype } = projected;
  const hidden = weights.out.elements / inner;
  const many = rows * inner;
  const selectedElements = rows * (rank + 2 * state);
  // Flattening what lies by channel copies it where sequences are several.
  const copies = batch > 1;
  return m.call(() => {
    const given = turned(m, projected, copies);
    const own = {
      conv: m.parameter(weights.conv),
      convBias: weights.convBias && m.parameter(weights.convBias),
      x: m.parameter(weights.x),
      dt: m.parameter(weights.dt),
      out: m.parameter(weights.out),
      outBias: weights.outBias && m.parameter(weights.outBias),
    };
    const read = [weights.x, weights.dt, weights.out].map((each) =>
      castForKernel(m, each, dtype)
    );
    const xz = m.create(2 * many, dtype, "scan input and gate by channel");
    const convolved = m.create(many, dtype, "convolved scan input");
    const flat = copies
      ? m.create(many, dtype, "convolved scan input by token")
      : null;
    const selected = m.create(selectedElements, dtype, "time steps, B and C");
    if (flat) m.drop(flat);
    let delta = m.create(many, dtype, "time steps by channel");
    let b = m.create(rows * state, dtype, "B by state");
    let c = m.create(rows * state, dtype, "C by state");
    if (norms) {
      b = normedByKernel(m, b, rows);
      c = normedByKernel(m, c, rows);
      delta = normedByKernel(m, delta, rows);
    }
    const scanned = m.create(many, dtype, "scan output");
    const states = chunkStates(m, scan);
    const gated = m.create(many, dtype, "gated scan output");
    m.drop(convolved, delta);
    const node = m.record(
      [
        given,
        own.conv,
        own.convBias,
        own.x,
        own.dt,
        own.out,
        own.outBias,
        a,
        d,
        dtBias,
      ],
      [xz, selected, ...read, b, c, a, d, dtBias, states, scanned],
      () => {
        const s = new Scratch(m, dtype);
        s.make(many, "convolved scan input, again");
        let delta = s.make(many, "time steps, again");
        if (norms) {
          delta = normedAgain(s, delta, many, rows);
          for (const _ of ["B", "C"]) {
            const byState = s.make(rows * state, "B or C by token");
            normedAgain(s, byState, rows * state, rows, true);
          }
        }
        const dxz = computed(m, given, dtype, "gradient of the projection");
        s.make(many, "gradient of the gated scan output");
        const du = s.make(many, "gradient of the convolved input");
        s.make(many, "gradient of time steps");
        const da = computed(m, a, "fp32", "gradient of A");
        const wide = [
          s.make(rows * state, "gradient of B", "fp32"),
          s.make(rows * state, "gradient of C", "fp32"),
        ];
        const dd = computed(m, d, "fp32", "gradient of D");
        const dBias = computed(m, dtBias, "fp32", "gradient of the dt bias");
        s.make(many, "gated scan output, again");
        const bc = dtype === "fp32"
          ? wide
          : wide.map(({ elements }) =>
            s.make(elements, "gradient of B or C in its type")
          );
        if (dtype !== "fp32") s.drop(...wide);
        const dOut = computed(m, own.out, dtype, "out_proj weight gradient");
        const dOutBias = own.outBias &&
          computed(m, own.outBias, dtype, "out_proj bias gradient");
        s.make(selectedElements, "gradient of time steps, B and C");
        for (const each of bc) {
          const byToken = s.make(each.elements, "gradient of B or C by token");
          s.drop(each, byToken);
        }
        const dDt = computed(m, own.dt, dtype, "dt_proj weight gradient");
        s.drop(s.make(rows * rank, "gradient of time steps' features"));
        if (copies) {
          s.make(many, "gradient of the convolved input, flat");
          s.drop(du);
        }
        const flat = copies
          ? s.make(many, "convolved scan input by token, again")
          : null;
        const dX = computed(m, own.x, dtype, "x_proj weight gradient");
        if (flat) s.drop(flat);
        const [dConv, dConvBias] = convolutionGradients(
          m,
          own.conv,
          own.convBias,
        );
        s.end();
        return [
          handed(m, given, dxz),
          handed(m, own.conv, dConv),
          handed(m, own.convBias, dConvBias),
          handed(m, own.x, dX),
          handed(m, own.dt, dDt),
          handed(m, own.out, dOut),
          handed(m, own.outBias, dOutBias),
          handed(m, a, da),
          handed(m, d, dd),
          handed(m, dtBias, dBias),
        ];
      },
    );
    if (copies) m.create(many, dtype, "gated scan output by token");
    else m.view(gated);
    return m.create(
      rows * hidden,
      dtype,
      "output of out_proj",
      node && { node, slot: 0 },
    );
  });
}

/**
 * A norm by a kernel of Triton: laid out by token, normed, and laid out as it
 * was.
 *
 * Source: selective_scan_interface.py, rms_norm_forward
 */
function normedByKernel(m: Machine, x: Value, rows: number): Value {
  const byToken = m.create(x.elements, x.dtype, "norm input by token");
  m.drop(x);
  const out = m.create(x.elements, x.dtype, "normed by token");
  const root = m.create(rows, "fp32", "reciprocal root of each row");
  m.drop(root, byToken);
  const result = m.create(x.elements, x.dtype, "normed scan input");
  m.drop(out);
  return result;
}

/** The same in a backward pass. */
function normedAgain(
  s: Scratch,
  x: ReturnType<Scratch["make"]>,
  elements: number,
  rows: number,
  isByToken = false,
): ReturnType<Scratch["make"]> {
  const byToken = isByToken ? x : s.make(elements, "norm input by token");
  if (!isByToken) s.drop(x);
  const out = s.make(elements, "normed by token");
  s.drop(s.make(rows, "reciprocal root of each row", "fp32"), byToken);
  const result = s.make(elements, "normed scan input, again");
  s.drop(out);
  return result;
}
