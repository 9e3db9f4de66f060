import type { Machine } from "../torch/machine.ts";
import type { Dtype } from "../torch/dtype.ts";
import type { Parameter, Value } from "../torch/values.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import {
  cast,
  copied,
  multiply,
  scaled,
  split,
} from "../torch/ops/arithmetic.ts";
import type { ChunkScan } from "../torch/ops/scan/chunks.ts";
import type { SplitWeights } from "../torch/ops/scan/split_chunk_scan.ts";
import { splitChunkScan } from "../torch/ops/scan/split_chunk_scan.ts";
import { decayOf } from "../torch/ops/scan/decay.ts";
import { handed } from "../torch/ops/scan/kernel_gradients.ts";
import { underAutocast, weightOf } from "../torch/ops/linear.ts";
import type { Norm } from "../torch/ops/norms.ts";
import { norm } from "../torch/ops/norms.ts";
import type { InnerWeights } from "../torch/ops/scan/inner_scan.ts";
import type {
  ScanConstants,
  SelectiveScan,
} from "../torch/ops/scan/selective_scan.ts";
import { causalConvolution } from "../torch/ops/scan/causal_convolution.ts";
import { innerScan } from "../torch/ops/scan/inner_scan.ts";
import { plainScan } from "../torch/ops/scan/plain_scan.ts";
import { plainHeadedLayer } from "./plain_headed_layer.ts";
import type { ChannelDeltaPlan } from "./channel_delta_layer.ts";
import { channelDeltaLayer } from "./channel_delta_layer.ts";
import type { DeltaPlan } from "./delta_layer.ts";
import { deltaLayer } from "./delta_layer.ts";
import type { ShortConvolutionPlan } from "./short_convolution.ts";
import { shortConvolution } from "./short_convolution.ts";

/** What every kind of state space has. */
interface Mixer {
  readonly rows: number;
  readonly inProj: AdaptedLinear;
  readonly aLog: Parameter;
  /** Whether padding is taken out of hidden states first. */
  readonly masked: boolean;
}

/** Mamba and Falcon Mamba: one kernel after the input projection. */
export interface InnerPlan extends Mixer {
  readonly kind: "inner";
  readonly scan: SelectiveScan;
  readonly weights: InnerWeights;
  readonly d: Parameter;
  readonly dtBias: Parameter;
  readonly norms: boolean;
}

/** Jamba: the same scan with modules between its convolution and itself. */
export interface OpenPlan extends Mixer {
  readonly kind: "open";
  readonly scan: SelectiveScan;
  readonly conv: Parameter;
  readonly convBias: Parameter | null;
  readonly xProj: AdaptedLinear;
  readonly dtProj: AdaptedLinear;
  readonly outProj: AdaptedLinear;
  readonly norms: { readonly dt: Norm; readonly b: Norm; readonly c: Norm };
  readonly d: Parameter;
  readonly dtBias: Parameter;
}

/** Mamba-2: heads, and one Function after the input projection. */
export interface HeadedPlan extends Mixer {
  readonly kind: "headed";
  readonly scan: ChunkScan;
  readonly weights: SplitWeights;
  /** The output projection where PyTorch's own operations run all; else null. */
  readonly plainly: AdaptedLinear | null;
  /** The type of a row that the projection is multiplied by: Falcon-H1. */
  readonly multiplied: Dtype | null;
}

/** A layer's state space, as transformers runs it with its fast kernels. */
export type StateSpacePlan =
  | InnerPlan
  | OpenPlan
  | HeadedPlan
  | DeltaPlan
  | ChannelDeltaPlan
  | ShortConvolutionPlan;

/**
 * A state space over normed hidden states.
 *
 * Source: huggingface/transformers models/mamba/modeling_mamba.py, MambaMixer;
 * mamba2/modeling_mamba2.py, Mamba2Mixer; jamba/modeling_jamba.py,
 * JambaMambaMixer
 */
export function stateSpaceLayer(
  m: Machine,
  x: Value,
  plan: StateSpacePlan,
): Value {
  return m.within("state-space activations", () => {
    switch (plan.kind) {
      case "delta":
        return deltaLayer(m, x, plan);
      case "channel delta":
        return channelDeltaLayer(m, x, plan);
      case "convolution":
        return shortConvolution(m, x, plan);
      default:
        return scanLayer(m, x, plan);
    }
  });
}

function scanLayer(
  m: Machine,
  x: Value,
  plan: InnerPlan | OpenPlan | HeadedPlan,
): Value {
  const { masked, aLog } = plan;
  return m.call(() => {
    const given = masked
      ? scaled(m, x, "hidden states without padding")
      : m.view(x);
    const { input, projected } = projectedBy(m, given, plan);
    const a = decayOf(m, aLog);
    if (plan.kind === "headed") {
      if (!plan.plainly) {
        return splitChunkScan(m, projected, plan.scan, plan.weights, a);
      }
      // The code's variable of its input soon is another tensor's.
      m.drop(input);
      return plainHeadedLayer(m, projected, a, {
        ...plan,
        outProj: plan.plainly,
      });
    }
    const constants = (): ScanConstants => ({
      a,
      d: cast(m, m.parameter(plan.d), "fp32", "D in fp32"),
      dtBias: cast(m, m.parameter(plan.dtBias), "fp32", "dt bias in fp32"),
    });
    return plan.kind === "inner"
      ? innerScan(
        m,
        projected,
        plan.scan,
        plan.weights,
        constants(),
        plan.norms,
      )
      : openScan(m, projected, plan, constants);
  });
}

/**
 * What the projection reads, and what the scan reads of it; Falcon-H1 multiplies
 * both.
 */
function projectedBy(
  m: Machine,
  x: Value,
  plan: InnerPlan | OpenPlan | HeadedPlan,
): { input: Value; projected: Value } {
  const { rows, inProj } = plan;
  const to = plan.kind === "headed" ? plan.multiplied : null;
  if (to === null) {
    return {
      input: x,
      projected: adaptedLinear(m, x, rows, inProj, "scan input"),
    };
  }
  const input = scaled(m, x, "multiplied scan input");
  m.drop(x);
  const out = adaptedLinear(m, input, rows, inProj, "scan input");
  const row = m.external(inProj.out, to, "multipliers of the scan", null);
  const projected = multiply(m, out, row, "multiplied scan input");
  m.drop(out);
  return { input, projected };
}

function openScan(
  m: Machine,
  projected: Value,
  plan: OpenPlan,
  constants: () => ScanConstants,
): Value {
  const { scan, norms, rows, masked } = plan;
  const { inner, state, rank, batch } = scan;
  const many = rows * inner;
  const [hidden, gate] = split(m, projected, [many, many]) as [Value, Value];
  let u = causalConvolution(m, hidden, plan.conv, plan.convBias);
  m.drop(hidden);
  if (masked) {
    const next = scaled(m, u, "convolved scan input without padding");
    m.drop(u);
    u = next;
  }
  const selected = adaptedLinear(
    m,
    u,
    rows,
    plan.xProj,
    "time steps, B and C",
  );
  const [ts, b, c] = split(m, selected, [
    rows * rank,
    rows * state,
    rows * state,
  ]) as [Value, Value, Value];
  m.drop(selected);
  const normed = (value: Value, own: Norm) => {
    const out = norm(m, value, rows, own, "time step norm");
    m.drop(value);
    return out;
  };
  const steps = normed(ts, norms.dt);
  const [bs, cs] = [normed(b, norms.b), normed(c, norms.c)].map((value) => {
    const typed = cast(m, value, u.dtype, "B or C");
    m.drop(value);
    return typed;
  }) as [Value, Value];
  const { delta, byToken } = timeSteps(m, steps, plan);
  m.drop(steps);
  const scanned = plainScan(m, {
    ...constants(),
    u,
    delta,
    deltaByToken: byToken,
    b: bs,
    c: cs,
    z: gate,
  }, scan);
  const weight = plan.outProj.weight;
  const flattens = batch > 1 && "trains" in weight && weight.trains;
  const byRow = flattens
    ? copied(m, scanned, "gated scan output by token")
    : m.view(scanned);
  return adaptedLinear(m, byRow, rows, plan.outProj);
}

/**
 * The time steps: the weight itself is multiplied, where it is not quantised, so
 * that an adapter beside it is passed by.
 */
function timeSteps(
  m: Machine,
  x: Value,
  { dtProj, scan: { batch, inner }, rows }: OpenPlan,
): { delta: Value; byToken: boolean } {
  const { weight: own } = dtProj;
  if (!("trains" in own)) {
    const whole = adaptedLinear(m, x, rows, { ...dtProj });
    const delta = scaled(m, whole, "time steps without their bias");
    m.drop(whole);
    return { delta, byToken: true };
  }
  const input = underAutocast(m, x, "time steps' features");
  const weight = weightOf(m, own);
  const { dtype } = input;
  const node = m.record(
    [input, weight],
    [weight.source ? input : null, input.source ? weight : null],
    () => {
      const copy = batch > 1
        ? m.grad(null, rows * inner, dtype, "gradient of time steps by token")
        : null;
      const dWeight = weight.source &&
        m.grad(weight.source, weight.elements, dtype, "dt_proj's gradient");
      const dInput = input.source &&
        m.grad(input.source, input.elements, dtype, "gradient of features");
      if (copy) m.free(copy);
      return [dInput, handed(m, weight, dWeight)];
    },
  );
  const delta = m.create(
    rows * inner,
    dtype,
    "time steps",
    node && { node, slot: 0 },
  );
  m.drop(input, weight);
  // Without a gradient for the weight the product is of whole batches.
  return { delta, byToken: own.trains };
}
