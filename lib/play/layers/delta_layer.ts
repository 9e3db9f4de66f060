import type { Machine } from "../torch/machine.ts";
import type { Parameter, Value } from "../torch/values.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import {
  add,
  cast,
  copied,
  join,
  multiply,
  savingInput,
  savingOutput,
  scaled,
  split,
} from "../torch/ops/arithmetic.ts";
import { norm } from "../torch/ops/norms.ts";
import { causalConvolution } from "../torch/ops/scan/causal_convolution.ts";
import { decayOf } from "../torch/ops/scan/decay.ts";
import type { DeltaRule } from "../torch/ops/scan/delta_rule.ts";
import { deltaRule } from "../torch/ops/scan/delta_rule.ts";
import { plainConvolution } from "../torch/ops/scan/plain_convolution.ts";
import { plainDeltaRule } from "../torch/ops/scan/plain_delta_rule.ts";

/** What a gated delta rule's inputs are projected by. */
export type DeltaProjections =
  /** Qwen3.5. */
  | {
    readonly qkv: AdaptedLinear;
    readonly z: AdaptedLinear;
    readonly b: AdaptedLinear;
    readonly a: AdaptedLinear;
  }
  /** Qwen3-Next, by groups of heads. */
  | { readonly qkvz: AdaptedLinear; readonly ba: AdaptedLinear }
  /** OLMo Hybrid, each by itself, and gates of the output last. */
  | {
    readonly q: AdaptedLinear;
    readonly k: AdaptedLinear;
    readonly v: AdaptedLinear;
    readonly z: AdaptedLinear;
    readonly b: AdaptedLinear;
    readonly a: AdaptedLinear;
  };

/** A gated delta rule after a convolution, with a gated norm behind it. */
export interface DeltaPlan {
  readonly kind: "delta";
  /** Whether PyTorch's own operations run convolution and rule. */
  readonly isPlain: boolean;
  readonly rows: number;
  /** Whether padding is taken out of hidden states first. */
  readonly masked: boolean;
  readonly rule: DeltaRule;
  /** Whether betas go up to 2: OLMo Hybrid. */
  readonly doublesBetas: boolean;
  readonly projections: DeltaProjections;
  readonly conv: Parameter;
  readonly convBias: Parameter | null;
  readonly aLog: Parameter;
  readonly dtBias: Parameter;
  readonly norm: Parameter;
  readonly outProj: AdaptedLinear;
}

/** What is projected: what the convolution reads, and three gates. */
interface Projected {
  readonly mixed: Value;
  readonly z: () => Value;
  readonly b: () => Value;
  readonly a: () => Value;
  /** What variables hold until the convolution is cut. */
  readonly pieces: readonly Value[];
}

/**
 * A gated delta rule over normed hidden states, with fla's kernels or without.
 *
 * Source: huggingface/transformers models/qwen3_5/modeling_qwen3_5.py,
 * Qwen3_5GatedDeltaNet; models/qwen3_next/modeling_qwen3_next.py,
 * Qwen3NextGatedDeltaNet; models/olmo_hybrid/modeling_olmo_hybrid.py,
 * OlmoHybridGatedDeltaNet
 */
export function deltaLayer(m: Machine, x: Value, plan: DeltaPlan): Value {
  const { rows, rule } = plan;
  return m.call(() => {
    const input = plan.masked
      ? scaled(m, x, "hidden states without padding")
      : m.view(x);
    const { mixed, z, b, a, pieces } = projected(m, input, plan);
    const convolved = plan.isPlain
      ? plainConvolution(m, mixed, {
        weight: plan.conv,
        bias: plan.convBias,
        batch: rule.batch,
        isActive: true,
      })
      : causalConvolution(m, mixed, plan.conv, plan.convBias);
    m.drop(mixed);
    const keys = rows * rule.keyHeads * rule.keyWidth;
    const values = rows * rule.heads * rule.width;
    const [q, k, v] = split(m, convolved, [keys, keys, values]) as [
      Value,
      Value,
      Value,
    ];
    m.drop(...pieces);
    const betas = betasOf(m, b(), plan);
    const decays = decaysOf(m, a(), plan);
    const run = plan.isPlain ? plainDeltaRule : deltaRule;
    const ruled = run(m, { q, k, v, decays, betas }, rule);
    const gated = gatedNorm(m, ruled, z(), rows * rule.heads, plan.norm);
    m.drop(ruled);
    return adaptedLinear(m, gated, rows, plan.outProj);
  });
}

function projected(m: Machine, x: Value, plan: DeltaPlan): Projected {
  const { projections, rows } = plan;
  if ("qkvz" in projections) return projectedByGroup(m, x, plan, projections);
  const z = () =>
    adaptedLinear(m, x, rows, projections.z, "gates of the output");
  const b = () =>
    adaptedLinear(m, x, rows, projections.b, "betas before sigmoids");
  const a = () => adaptedLinear(m, x, rows, projections.a, "time steps");
  if ("q" in projections) {
    const { q, k, v } = projections;
    const each = [q, k, v].map((own) => adaptedLinear(m, x, rows, own));
    const mixed = join(m, each, "queries, keys, values");
    m.drop(...each);
    return { mixed, z, b, a, pieces: [] };
  }
  const mixed = adaptedLinear(
    m,
    x,
    rows,
    projections.qkv,
    "queries, keys, values",
  );
  const first = { z: z(), b: b(), a: a() };
  return {
    mixed,
    z: () => first.z,
    b: () => first.b,
    a: () => first.a,
    pieces: [],
  };
}

/** Sigmoids, doubled where a decay may be negative. */
function betasOf(m: Machine, b: Value, { doublesBetas }: DeltaPlan): Value {
  const betas = savingOutput(m, b, "betas");
  if (!doublesBetas) return betas;
  const doubled = scaled(m, betas, "doubled betas");
  m.drop(betas);
  return doubled;
}

/** Two projections whose rows go by groups of heads, and are cut into pieces. */
function projectedByGroup(
  m: Machine,
  x: Value,
  { rows, rule }: DeltaPlan,
  { qkvz, ba }: Extract<DeltaProjections, { qkvz: AdaptedLinear }>,
): Projected {
  const { keyHeads, keyWidth, heads, width } = rule;
  const keys = rows * keyHeads * keyWidth;
  const values = rows * heads * width;
  const both = adaptedLinear(m, x, rows, qkvz, "queries to gates");
  const gates = adaptedLinear(m, x, rows, ba, "betas and time steps");
  const cut = split(m, both, [keys, keys, values, values]);
  const [b, a] = split(m, gates, [rows * heads, rows * heads]);
  // Pieces of one group lie side by side; several have to be laid out.
  const areLaid = keyHeads > 1;
  const laid = (piece: Value | undefined, label: string, isLaid = areLaid) => {
    if (!piece) throw new RangeError(`no piece for ${label}`);
    return isLaid ? copied(m, piece, label) : piece;
  };
  const areShared = areLaid && heads > keyHeads;
  const v = laid(cut[2], "values by head");
  const z = laid(cut[3], "gates by head", areShared);
  const own = {
    b: laid(b, "betas by head", areShared),
    a: laid(a, "time steps by head", areShared),
  };
  const q = laid(cut[0], "queries by head");
  const k = laid(cut[1], "keys by head");
  const mixed = join(m, [q, k, v], "queries, keys, values");
  return {
    mixed,
    z: () => z,
    b: () => own.b,
    a: () => own.a,
    pieces: [q, k, v],
  };
}

/** A × softplus(a + bias), in fp32. */
function decaysOf(m: Machine, a: Value, { aLog, dtBias }: DeltaPlan): Value {
  return m.call(() => {
    const rates = decayOf(m, aLog);
    const wide = cast(m, a, "fp32", "time steps in fp32");
    const sum = add(m, wide, m.parameter(dtBias), "time steps with their bias");
    m.drop(wide);
    const steps = savingInput(m, sum, "softplus of time steps");
    m.drop(sum);
    return multiply(m, rates, steps, "decays");
  });
}

/**
 * A norm of each head, times the SiLU of its gate in fp32.
 *
 * Source: models/qwen3_5/modeling_qwen3_5.py, Qwen3_5RMSNormGated
 */
function gatedNorm(
  m: Machine,
  x: Value,
  gate: Value,
  rows: number,
  weight: Parameter,
): Value {
  return m.call(() => {
    const own = { kind: "rms", weight, bias: null } as const;
    const normed = norm(m, x, rows, own, "gated norm");
    const wide = cast(m, gate, "fp32", "gate in fp32");
    const active = savingInput(m, wide, "SiLU of the gate");
    m.drop(wide);
    const product = multiply(m, normed, active, "gated output in fp32");
    m.drop(normed, active);
    return cast(m, product, x.dtype, "gated output");
  });
}
