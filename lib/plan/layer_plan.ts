import type { Role, Tensor } from "../models/tensors/tensor.ts";
import type { AttentionPlan } from "../play/layers/attention_plan.ts";
import type { LayerPlan } from "../play/layers/decoder_layer.ts";
import type { LatentAttentionPlan } from "../play/layers/latent_attention.ts";
import type { MlpPlan } from "../play/layers/mlp_layer.ts";
import type { MoePlan } from "../play/layers/moe_layer.ts";
import type { AdaptedLinear } from "../play/torch/ops/adapted_linear.ts";
import type { Heads } from "../play/torch/ops/attention/types.ts";
import type { Slopes } from "../play/torch/ops/xielu.ts";
import type { Norm } from "../play/torch/ops/norms.ts";
import { projectionsOf } from "./projections.ts";
import {
  expertsBesideOf,
  indexerOf,
  ownInputsOf,
  streamsOf,
} from "./layer_parts.ts";
import { routedExpertsOf } from "./experts_plan.ts";
import type { LayerFacts } from "./layer_facts.ts";
import { differentialOf } from "./differential.ts";
import { bareOf, normsOf } from "./layer_norms.ts";
import type { Modules } from "./modules.ts";
import { stateSpaceOf } from "./state_space_plan.ts";
import type { Traits } from "./traits.ts";

/** Finds out how a layer works from the tensors that it holds. */
export function layerPlanOf(modules: Modules, facts: LayerFacts): LayerPlan {
  const { traits, family, batch, sequence, stateSpaces } = facts;
  const plan: LayerPlan = {
    rows: batch * sequence,
    arrangement: traits.arrangement,
    attention: latentOf(modules, facts) ?? attentionOf(modules, facts),
    mlp: expertsBesideOf(modules, facts, mlpOf(modules, facts, isMlp)) ??
      expertsOf(modules, facts) ?? mlpOf(modules, facts, isMlp),
    ownInputs: ownInputsOf(modules, facts),
    streams: streamsOf(modules, facts),
    scalesInPlace: family.layer.scalesInPlace,
    norms: normsOf(modules, facts),
    residualDropout: traits.dropout.residual,
    holdsAttended: traits.holdsAttended,
    holdsNormed: traits.holdsNormed,
    scaledResiduals: traits.scaledResiduals,
    addsInPlace: family.layer.addsInPlace,
  };
  if (family.layer.leavesOut && !plan.attention) {
    const { beforeAttention: beforeMlp } = plan.norms;
    return { ...plan, norms: { ...plan.norms, beforeMlp } };
  }
  if (!stateSpaces) return plan;
  const stateSpace = stateSpaceOf(modules, stateSpaces, {
    batch,
    sequence,
    masked: facts.attention.masked,
  });
  const { beforeAttention, beforeMlp } = plan.norms;
  return {
    ...plan,
    stateSpace,
    wideResidual: stateSpaces.wideResidual,
    norms: {
      ...plan.norms,
      // A layer of an MLP alone has one norm, before it.
      beforeMlp: stateSpace || plan.attention ? beforeMlp : beforeAttention,
    },
  };
}

type Test = (name: string, tensor: Tensor) => boolean;

const isMlp: Test = (name) => !/shared_expert/.test(name);
const isShared: Test = (name) => /shared_expert|shared_mlp/.test(name);

function attentionOf(
  modules: Modules,
  facts: LayerFacts,
): AttentionPlan | null {
  const { architecture, traits, family, batch, sequence } = facts;
  const { attention, cached, code, kernels } = facts;
  const o = byRole(modules, "o");
  if (!o) return null;
  const [fused = null, q = null, k = null, v = null] =
    (["qkv", "q", "k", "v"] as const).map((role) => byRole(modules, role));
  const made = projectionsOf(
    { qkv: fused, q, k, v },
    family.attention.handsHeads,
  );
  if (!made) return null;
  const qNorm = headNorm(
    modules,
    traits,
    /(^|\.)(q|query)_(layer)?norm\.weight$/,
  );
  const width = family.attention.widthsByLayer && qNorm?.weight
    ? qNorm.weight.elements
    : architecture.head_dim;
  const bare = traits.normsBare && traits.rotary !== "none"
    ? bareOf("rms")
    : null;
  const isGated = family.attention.gatesOutput;
  const heads: Heads = {
    batch,
    queries: sequence,
    keys: sequence,
    heads: q && !isGated ? q.out / width : o.in / width,
    kvHeads: k ? k.out / width : kvHeadsOf(fused, o, width),
    width,
    valueWidth: width,
  };
  return {
    ...made,
    o,
    qNorm: qNorm ?? bare,
    kNorm: headNorm(modules, traits, /(^|\.)(k|key)_(layer)?norm\.weight$/) ??
      bare,
    differs: differentialOf(modules),
    oNorm: headNorm(modules, traits, /attn_sub_norm\.weight$/),
    isGated,
    gate: modules.linear(
      modules.pathOf((name) =>
        /(^|\.)self_attn\.gate_proj\.weight$/.test(name)
      ),
    ),
    scalesKeys: family.attention.scalesKeys,
    vNorm: family.attention.normsValues ? bareOf(traits.norm) : null,
    normsTurned: traits.normsTurned,
    normsEach: family.attention.normsEach,
    holdsUnturned: family.rotary.holdsUnturned,
    heads,
    rotary: traits.rotary,
    rotaryShare: traits.rotaryShare,
    repeatedTables: traits.repeatedTables,
    wideRotary: traits.wideRotary,
    turnsByToken: traits.turnsByToken,
    fused: traits.fused,
    cached,
    settings: {
      ...attention,
      dropout: traits.dropout.attention,
      wideSoftmax: traits.wideSoftmax,
      softcap: traits.attentionSoftcap,
      wideScores: traits.wideScores,
      broadcastsHeads: traits.fused === "picked",
      scalesInPlace: family.attention.scalesInPlace,
      leavesWeights: family.attention.leavesWeights,
      floorsScores: family.attention.floorsScores,
      sinks: modules.parameter(modules.find((name) => /\.sinks$/.test(name))),
    },
    makeHeads: code.makeHeads,
    kernels,
  };
}

/** DeepSeek's latent attention; null for any other. */
function latentOf(
  modules: Modules,
  { architecture, traits, batch, sequence, attention, config }: LayerFacts,
): LatentAttentionPlan | null {
  const named = (pattern: RegExp) =>
    modules.linear(modules.pathOf((name) => pattern.test(name)));
  const [kvDown, kvUp, o] = [
    named(/kv_a_proj_with_mqa/),
    named(/kv_b_proj/),
    byRole(modules, "o"),
  ];
  if (!kvDown || !kvUp || !o) return null;
  const direct = named(/\bq_proj/);
  const [down, up] = [named(/q_a_proj/), named(/q_b_proj/)];
  const q = direct ??
    (down && up
      ? { down, up, norm: headNorm(modules, traits, /q_a_layernorm/) }
      : null);
  if (!q) return null;
  const count = architecture.attention_heads;
  const latent = kvUp.in;
  const width = (direct ?? up ?? o).out / count;
  const valueWidth = o.in / count;
  return {
    q,
    kvDown,
    kvNorm: headNorm(modules, traits, /kv_a_layernorm/),
    kvUp,
    o,
    rotaryWidth: kvDown.out - latent,
    indexer: indexerOf(modules, config),
    heads: {
      batch,
      queries: sequence,
      keys: sequence,
      heads: count,
      kvHeads: count,
      width,
      valueWidth,
    },
    settings: {
      ...attention,
      dropout: traits.dropout.attention,
      wideSoftmax: traits.wideSoftmax,
      softcap: traits.attentionSoftcap,
    },
  };
}

/** A fused projection holds the queries' heads and twice the others. */
function kvHeadsOf(
  fused: AdaptedLinear | null,
  o: AdaptedLinear,
  width: number,
): number {
  return ((fused?.out ?? 3 * o.in) - o.in) / (2 * width);
}

function mlpOf(
  modules: Modules,
  { traits, family, kernels, code, tiles, xielu }: LayerFacts,
  test: Test,
): MlpPlan | null {
  const down = byRole(modules, "down", test);
  const fused = byRole(modules, "gate_up", test);
  const up = fused ?? byRole(modules, "up", test);
  if (!down || !up) return null;
  return {
    up,
    gate: fused ? "fused" : byRole(modules, "gate", test),
    down,
    norm: headNorm(modules, traits, /ffn_sub_norm\.weight$/),
    activation: traits.activation,
    slopes: xielu === "torch" ? slopesOf(modules) : null,
    compiled: kernels === "compile",
    gateInPlace: kernels === "liger" && code.fusesGate &&
      traits.activation !== "relu",
    upFirst: code.upFirst || family.mlp.isMultiplied,
    isInline: traits.inlineMlp,
    isMultiplied: family.mlp.isMultiplied,
    cutsGate: traits.cutsGate,
    tiles,
  };
}

/** The numbers of an xIELU. */
function slopesOf(modules: Modules): Slopes | null {
  const [above, below] = ["alpha_p", "alpha_n"].map((name) =>
    modules.parameter(
      modules.find((own) => own.endsWith(`.act_fn.${name}`)),
    )
  );
  return above && below ? { above, below } : null;
}

function expertsOf(modules: Modules, facts: LayerFacts): MoePlan | null {
  const routed = routedExpertsOf(modules, facts);
  if (!routed) return null;
  const plan: MoePlan = {
    ...routed,
    latent: latentRowsOf(modules),
    shared: mlpOf(modules, facts, isShared),
    sharedFirst: facts.family.experts.sharedFirst,
    sharedGate: modules.linear(
      modules.pathOf((name) => /shared_expert_gate\.weight$/.test(name)),
    ),
  };
  return { ...plan, run: facts.code.expertsRun?.(plan) ?? null };
}

/** What narrows rows for the routed experts, and widens what these give. */
function latentRowsOf(modules: Modules): NonNullable<MoePlan["latent"]> | null {
  const [down, up] = [/fc1_latent_proj\.weight$/, /fc2_latent_proj\.weight$/]
    .map((pattern) =>
      modules.linear(modules.pathOf((name) => pattern.test(name)))
    );
  return down && up ? { down, up } : null;
}

function headNorm(
  modules: Modules,
  traits: Traits,
  pattern: RegExp,
): Norm | null {
  return modules.norm(
    modules.pathOf((name) => pattern.test(name)),
    traits.norm,
  );
}

function byRole(
  modules: Modules,
  role: Role,
  test: Test = () => true,
): AdaptedLinear | null {
  return modules.linear(
    modules.pathOf((name, tensor) =>
      tensor.role === role && !tensor.expert &&
      (tensor.module === "linear" || tensor.module === "conv1d") &&
      test(name, tensor)
    ),
  );
}
