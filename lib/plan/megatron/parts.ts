import type { LayerPlan } from "../../play/layers/decoder_layer.ts";
import type { MlpPlan } from "../../play/layers/mlp_layer.ts";
import type { MoePlan } from "../../play/layers/moe_layer.ts";
import type { AttentionPlan } from "../../play/layers/attention_plan.ts";
import type { LatentAttentionPlan } from "../../play/layers/latent_attention.ts";
import type { AdaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import type { Norm } from "../../play/torch/ops/norms.ts";
import type {
  AttentionPart,
  ExpertsPart,
  LatentPart,
  LayerPart,
  MlpPart,
} from "../../software/megatron/shares.ts";
import type { Cuts } from "./matrix.ts";
import { matrixPart, normPart, parameter, trainsOf } from "./matrix.ts";

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
  if (!plain || "network" in mlp) return null;
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

function attentionPart(
  { projections, o, qNorm, kNorm, heads, rotary, rotaryShare }: AttentionPlan,
  cuts: Cuts,
): AttentionPart {
  const { width } = heads;
  const own = heads.heads / cuts.tp;
  // Fewer heads of keys than ranks: some ranks share one.
  const shared = heads.kvHeads < cuts.tp;
  const first = "qkv" in projections
    ? projections.qkv
    : "q" in projections
    ? projections.q
    : projections.asks;
  const input = {
    in: first.in,
    out: (heads.heads + 2 * heads.kvHeads) * width / cuts.tp,
  };
  return {
    qkv: matrixPart("linear_qkv", input, cuts, {
      trains: trainsOf(first),
      bias: first.bias !== null,
      adapted: {
        cut: "rows",
        ranks: cuts.tp,
        parts: [heads.heads, heads.kvHeads, heads.kvHeads].map((each) =>
          each * width / cuts.tp
        ),
      },
    }),
    o: matrixPart("linear_proj", { in: own * width, out: o.out }, cuts, {
      trains: trainsOf(o),
      bias: o.bias !== null,
      adapted: { cut: "columns", ranks: cuts.tp },
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
  const cut = (name: string, linear: AdaptedLinear) =>
    matrixPart(name, { in: linear.in, out: linear.out / tp }, cuts, {
      trains: trainsOf(linear),
      adapted: { cut: "rows", ranks: tp },
    });
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
    o: matrixPart("linear_proj", { in: o.in / tp, out: o.out }, cuts, {
      trains: trainsOf(o),
      adapted: { cut: "columns", ranks: tp },
    }),
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
      adapted: {
        cut: "rows",
        ranks: cuts.tp,
        parts: gate ? [width, width] : [width],
      },
    }),
    fc2: matrixPart(
      `${name}.linear_fc2`,
      { in: width, out: down.out },
      cuts,
      {
        trains: trainsOf(down),
        bias: down.bias !== null,
        adapted: { cut: "columns", ranks: cuts.tp },
      },
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
  const { weight } = plan.gateUp;
  const trains = "trains" in weight && weight.trains;
  const traits = (cut: "rows" | "columns") => ({
    copies: own,
    trains,
    adapted: { cut, ranks: etp },
  });
  return {
    router: parameter("router.weight", [experts, hidden], cuts, trains),
    experts,
    perToken,
    own,
    ep,
    etp,
    fc1: matrixPart(
      "experts.linear_fc1",
      { in: hidden, out: 2 * width },
      cuts,
      traits("rows"),
    ),
    fc2: matrixPart(
      "experts.linear_fc2",
      { in: width, out: hidden },
      cuts,
      traits("columns"),
    ),
    shared: shared && mlpPart("shared_experts", shared, cuts),
    fusesGradients,
  };
}
