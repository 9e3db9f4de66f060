import type { LayerPlan } from "../../play/layers/decoder_layer.ts";
import type { MlpPlan } from "../../play/layers/mlp_layer.ts";
import type { MoePlan } from "../../play/layers/moe_layer.ts";
import type { AttentionPlan } from "../../play/layers/attention_plan.ts";
import type { LatentAttentionPlan } from "../../play/layers/latent_attention.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { Parameter } from "../../play/torch/values.ts";
import type { AdaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import type { Norm } from "../../play/torch/ops/norms.ts";
import type {
  AttentionPart,
  ExpertsPart,
  LatentPart,
  LayerPart,
  MatrixPart,
  MlpPart,
} from "../../software/megatron/shares.ts";

/** How many ways a rank's part of a layer is cut. */
export interface Cuts {
  readonly tp: number;
  readonly ep: number;
  readonly etp: number;
  /** Type of all parameters. */
  readonly dtype: Dtype;
  readonly fusesGradients: boolean;
}

/**
 * A rank's part of a layer as Megatron-Core builds it: queries, keys and values in
 * one matrix, gate and up in another.
 *
 * @returns Null of a layer that it has no code for.
 */
export function partOf(
  { arrangement, attention, mlp, norms, stateSpace }: LayerPlan,
  cuts: Cuts,
): LayerPart | null {
  const { beforeAttention, beforeMlp } = norms;
  const plain = arrangement === "pre" && !stateSpace && attention && mlp &&
    beforeAttention && beforeMlp;
  if (!plain) return null;
  const second = "experts" in mlp
    ? expertsPart(mlp, cuts)
    : mlpPart("mlp", mlp, cuts);
  return {
    attentionNorm: normPart(beforeAttention, cuts),
    attention: "kvDown" in attention
      ? latentPart(attention, cuts)
      : attentionPart(attention, cuts),
    mlpNorm: normPart(beforeMlp, cuts),
    mlp: second,
  };
}

/** All parameters of a layer's part, and how many alike there are. */
export function parametersOf(part: LayerPart): HeldParameter[] {
  const { attention, mlp } = part;
  const heads = "qkv" in attention
    ? [
      ...matrices(attention.qkv, attention.o),
      ...normParameters(attention.qNorm, attention.kNorm),
    ]
    : [
      ...("down" in attention.q
        ? [
          ...matrices(attention.q.down, attention.q.up),
          ...normParameters(attention.q.norm),
        ]
        : matrices(attention.q)),
      ...matrices(attention.kvDown, attention.kvUp, attention.o),
      ...normParameters(attention.kvNorm),
    ];
  const dense = "router" in mlp
    ? [
      mlp.router,
      ...(mlp.shared ? matrices(mlp.shared.fc1, mlp.shared.fc2) : []),
    ]
    : matrices(mlp.fc1, mlp.fc2);
  const own = [
    ...normParameters(part.attentionNorm, part.mlpNorm),
    ...heads,
    ...dense,
  ].map((parameter): HeldParameter => ({ parameter, expert: false, count: 1 }));
  if (!("router" in mlp)) return own;
  return [
    ...own,
    ...matrices(mlp.fc1, mlp.fc2).map((parameter) => ({
      parameter,
      expert: mlp.ep > 1,
      count: mlp.own,
    })),
  ];
}

/** A parameter that a rank holds. */
export interface HeldParameter {
  readonly parameter: Parameter;
  /** Whether it is shared with other ranks than those that share dense ones. */
  readonly expert: boolean;
  /** How many matrices its elements are dealt out to. */
  readonly count: number;
}

function matrices(...parts: readonly MatrixPart[]): Parameter[] {
  return parts.flatMap(({ weight, bias }) => bias ? [weight, bias] : [weight]);
}

function normParameters(...norms: readonly (Norm | null)[]): Parameter[] {
  return norms.flatMap((norm) =>
    norm ? [norm.weight, norm.bias].filter((each) => each !== null) : []
  );
}

/** Transformer Engine's norm: one kernel, that keeps its input and a number a row. */
export function normPart({ weight, bias }: Norm, { dtype }: Cuts): Norm {
  const own = (given: Parameter | null) => given && { ...given, dtype };
  return {
    kind: bias ? "layer" : "compiled",
    weight: own(weight),
    bias: own(bias),
  };
}

function parameter(
  name: string,
  shape: readonly number[],
  { dtype }: Cuts,
  trains: boolean,
): Parameter {
  const elements = shape.reduce((product, size) => product * size, 1);
  return { name, shape, elements, dtype, trains };
}

/** A matrix of so many outputs and inputs on this rank. */
export function matrixPart(
  name: string,
  sizes: { readonly in: number; readonly out: number },
  cuts: Cuts,
  { trains = true, bias = false, copies = 1 } = {},
): MatrixPart {
  const shape = copies === 1
    ? [sizes.out, sizes.in]
    : [copies, sizes.out, sizes.in];
  return {
    name,
    ...sizes,
    weight: parameter(`${name}.weight`, shape, cuts, trains),
    bias: bias ? parameter(`${name}.bias`, [sizes.out], cuts, trains) : null,
  };
}

function trainsOf({ weight }: AdaptedLinear): boolean {
  return "trains" in weight && weight.trains;
}

function attentionPart(
  { projections, o, qNorm, kNorm, heads, rotary, rotaryShare }: AttentionPlan,
  cuts: Cuts,
): AttentionPart {
  const { width } = heads;
  const own = heads.heads / cuts.tp;
  // Fewer heads of keys than ranks: some ranks share one.
  const shared = heads.kvHeads < cuts.tp;
  const first = "qkv" in projections ? projections.qkv : projections.q;
  const input = {
    in: first.in,
    out: (heads.heads + 2 * heads.kvHeads) * width / cuts.tp,
  };
  return {
    qkv: matrixPart("linear_qkv", input, cuts, {
      trains: trainsOf(first),
      bias: first.bias !== null,
    }),
    o: matrixPart("linear_proj", { in: own * width, out: o.out }, cuts, {
      trains: trainsOf(o),
      bias: o.bias !== null,
    }),
    heads: own,
    kvHeads: shared ? 1 : heads.kvHeads / cuts.tp,
    sharedGroup: shared ? heads.heads / heads.kvHeads : null,
    width,
    turned: rotary === "none" ? 0 : Math.round(
      width * (rotary === "part" ? rotaryShare : 1),
    ),
    qNorm: qNorm && normPart(qNorm, cuts),
    kNorm: kNorm && normPart(kNorm, cuts),
  };
}

function latentPart(
  { q, kvDown, kvNorm, kvUp, o, heads, rotaryWidth }: LatentAttentionPlan,
  cuts: Cuts,
): LatentPart {
  const { tp } = cuts;
  const cut = (name: string, { in: input, out }: AdaptedLinear) =>
    matrixPart(name, { in: input, out: out / tp }, cuts);
  const bare: Norm = { kind: "compiled", weight: null, bias: null };
  return {
    q: "down" in q
      ? {
        down: cut("linear_q_down_proj", q.down),
        norm: normPart(q.norm ?? bare, cuts),
        up: cut("linear_q_up_proj", q.up),
      }
      : cut("linear_q_proj", q),
    kvDown: cut("linear_kv_down_proj", kvDown),
    kvNorm: normPart(kvNorm ?? bare, cuts),
    kvUp: cut("linear_kv_up_proj", kvUp),
    o: matrixPart("linear_proj", { in: o.in / tp, out: o.out }, cuts),
    heads: heads.heads / tp,
    plainWidth: heads.width - rotaryWidth,
    turned: rotaryWidth,
    valueWidth: heads.valueWidth,
  };
}

function mlpPart(
  name: string,
  { up, gate, down }: MlpPlan,
  cuts: Cuts,
): MlpPart {
  const width = down.in / cuts.tp;
  const fc1 = { in: up.in, out: (gate ? 2 : 1) * width };
  return {
    fc1: matrixPart(`${name}.linear_fc1`, fc1, cuts, {
      trains: trainsOf(up),
      bias: up.bias !== null,
    }),
    fc2: matrixPart(
      `${name}.linear_fc2`,
      { in: width, out: down.out },
      cuts,
      { trains: trainsOf(down), bias: down.bias !== null },
    ),
  };
}

function expertsPart(
  { experts: plan, shared }: MoePlan,
  cuts: Cuts,
): ExpertsPart {
  const { ep, etp, fusesGradients } = cuts;
  const { experts, perToken, hidden } = plan;
  const own = experts / ep;
  const width = plan.width / etp;
  const copies = { copies: own };
  return {
    router: parameter("router.weight", [experts, hidden], cuts, true),
    experts,
    perToken,
    own,
    ep,
    etp,
    fc1: matrixPart(
      "experts.linear_fc1",
      { in: hidden, out: 2 * width },
      cuts,
      copies,
    ),
    fc2: matrixPart(
      "experts.linear_fc2",
      { in: width, out: hidden },
      cuts,
      copies,
    ),
    shared: shared && mlpPart("shared_experts", shared, cuts),
    fusesGradients,
  };
}
