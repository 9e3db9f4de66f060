import type { Machine } from "../torch/machine.ts";
import type { Parameter, Value } from "../torch/values.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import {
  add,
  cast,
  join,
  mean,
  multiply,
  power,
  savingInput,
  savingOutput,
  scaled,
  shifted,
  split,
} from "../torch/ops/arithmetic.ts";
import { causalConvolution } from "../torch/ops/scan/causal_convolution.ts";
import { channelDeltaRule } from "../torch/ops/scan/channel_delta_rule.ts";
import type { DeltaRule } from "../torch/ops/scan/delta_rule.ts";

/** Kimi's delta attention: a decay for each channel, and a gated norm behind. */
export interface ChannelDeltaPlan {
  readonly kind: "channel delta";
  readonly rows: number;
  /** Whether padding is taken out of hidden states first. */
  readonly masked: boolean;
  readonly rule: DeltaRule;
  readonly q: AdaptedLinear;
  readonly k: AdaptedLinear;
  readonly v: AdaptedLinear;
  readonly b: AdaptedLinear;
  /** What decays are made by, one after the other. */
  readonly forget: readonly AdaptedLinear[];
  /** What gates of the output are made by. */
  readonly gate: readonly AdaptedLinear[];
  readonly conv: Parameter;
  readonly convBias: Parameter | null;
  readonly aLog: Parameter;
  readonly dtBias: Parameter;
  readonly norm: Parameter;
  readonly outProj: AdaptedLinear;
}

/**
 * Kimi's delta attention over normed hidden states, with fla's kernels.
 *
 * Source: huggingface/transformers models/kimi_linear/modeling_kimi_linear.py,
 * KimiLinearDeltaAttention
 */
export function channelDeltaLayer(
  m: Machine,
  x: Value,
  plan: ChannelDeltaPlan,
): Value {
  const { rows, rule } = plan;
  return m.call(() => {
    const input = plan.masked
      ? scaled(m, x, "hidden states without padding")
      : m.view(x);
    const each = [plan.q, plan.k, plan.v].map((own) =>
      adaptedLinear(m, input, rows, own)
    );
    const mixed = join(m, each, "queries, keys, values");
    m.drop(...each);
    const convolved = causalConvolution(m, mixed, plan.conv, plan.convBias);
    m.drop(mixed);
    const third = convolved.elements / 3;
    const [q, k, v] = split(m, convolved, [third, third, third]) as [
      Value,
      Value,
      Value,
    ];
    const decays = decaysOf(m, input, plan);
    const score = adaptedLinear(m, input, rows, plan.b);
    const betas = savingOutput(m, score, "betas");
    m.drop(score);
    const ruled = channelDeltaRule(m, { q, k, v, decays, betas }, rule);
    const gate = through(m, input, rows, plan.gate);
    const out = gatedNorm(m, ruled, gate, rows * rule.heads, plan.norm);
    return adaptedLinear(m, out, rows, plan.outProj);
  });
}

/** Linears one after the other. */
function through(
  m: Machine,
  x: Value,
  rows: number,
  linears: readonly AdaptedLinear[],
): Value {
  return m.call(() =>
    linears.reduce((input, each) => {
      const out = adaptedLinear(m, input, rows, each);
      m.drop(input);
      return out;
    }, m.view(x))
  );
}

/**
 * −exp(A_log) × softplus of what was projected, in fp32: the logarithm of 1 + exp,
 * and the input itself where that is large.
 *
 * Source: modeling_kimi_linear.py, KimiLinearForgetGate
 */
function decaysOf(m: Machine, x: Value, plan: ChannelDeltaPlan): Value {
  return m.call(() => {
    const projected = through(m, x, plan.rows, plan.forget);
    const wide = cast(m, projected, "fp32", "decays in fp32");
    const bias = cast(m, m.parameter(plan.dtBias), "fp32", "bias of decays");
    const own = add(m, wide, bias, "decays with their bias");
    m.drop(wide);
    const aLog = cast(m, m.parameter(plan.aLog), "fp32", "A_log in fp32");
    const rates = savingOutput(m, aLog, "exp of A_log");
    const isLarge = m.create(own.elements, "uint8", "where decays are large");
    const exponential = savingOutput(m, own, "exp of decays");
    const more = shifted(m, exponential, "1 + exp of decays");
    m.drop(exponential);
    const logarithm = savingInput(m, more, "softplus of decays");
    m.drop(more);
    const node = m.record(
      [own, logarithm],
      [isLarge],
      () =>
        [own, logarithm].map((each) =>
          each.source &&
          m.grad(each.source, each.elements, each.dtype, "gradient of softplus")
        ),
    );
    const soft = m.create(
      own.elements,
      "fp32",
      "softplus of decays",
      node && { node, slot: 0 },
    );
    m.drop(isLarge, logarithm);
    const negative = scaled(m, rates, "−exp of A_log");
    return multiply(m, negative, soft, "decays of channels");
  });
}

/**
 * A norm of each head in fp32, times the sigmoid of its gate.
 *
 * Source: modeling_kimi_linear.py, KimiLinearRMSNormGated
 */
function gatedNorm(
  m: Machine,
  x: Value,
  gate: Value,
  rows: number,
  weight: Parameter,
): Value {
  return m.call(() => {
    const wide = cast(m, x, "fp32", "gated norm input in fp32");
    const square = power(m, wide, "square");
    const variance = mean(m, square, rows, "variance");
    m.drop(square);
    const sum = shifted(m, variance, "variance");
    const root = savingOutput(m, sum, "reciprocal root");
    m.drop(sum, variance);
    const normed = multiply(m, wide, root, "gated norm normed");
    m.drop(wide, root);
    const own = cast(m, m.parameter(weight), "fp32", "weight in fp32");
    const scaledUp = multiply(m, own, normed, "gated norm scaled");
    m.drop(normed);
    const gates = cast(m, gate, "fp32", "gate in fp32");
    const share = savingOutput(m, gates, "sigmoid of the gate");
    m.drop(gates);
    const out = multiply(m, scaledUp, share, "gated output in fp32");
    m.drop(scaledUp, share);
    return cast(m, out, x.dtype, "gated output");
  });
}
