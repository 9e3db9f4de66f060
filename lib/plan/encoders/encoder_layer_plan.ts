import type { EncoderCode } from "../../models/families/code/encoder.ts";
import type { Architecture } from "../../models/architecture.ts";
import type { Role, Tensor } from "../../models/tensors/tensor.ts";
import type { Config } from "../../models/config.ts";
import type { DisentangledPlan } from "../../play/layers/disentangled.ts";
import type { EncoderLayerPlan } from "../../play/layers/encoder_layer.ts";
import type { MlpPlan } from "../../play/layers/mlp_layer.ts";
import type { SourceAttentionPlan } from "../../play/layers/source_attention.ts";
import type { ActivationKind } from "../../play/torch/ops/activations.ts";
import type { AdaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import type { AttentionSettings } from "../../play/torch/ops/attention/types.ts";
import type { Modules } from "../modules.ts";

/** What a layer's plan needs to know beside its tensors. */
export interface StackFacts {
  readonly architecture: Architecture;
  readonly family: EncoderCode;
  readonly batch: number;
  /** Tokens of each sequence of this stack. */
  readonly tokens: number;
  /** Tokens of each sequence that the encoder read. */
  readonly seen: number;
  readonly isDecoder: boolean;
  readonly implementation: AttentionSettings["implementation"];
  /** Whether masks of padding are handed on: within the stack, and across. */
  readonly masked: boolean;
  readonly crossMasked: boolean;
  readonly caches: boolean;
  /** Whether the softmax runs in fp32 and its result is cast back. */
  readonly wideSoftmax: boolean;
  readonly activation: ActivationKind;
  readonly dropout: {
    readonly attention: number;
    readonly residual: number;
    readonly mlp: number;
  };
  readonly compiled: boolean;
  readonly config: Config;
  /** Distances that are embedded; 0 where none are. */
  readonly distances: number;
}

/** Attention over what an encoder has read, by its names in transformers. */
export const CROSS = /(^|\.)(encoder_attn|EncDecAttention|crossattention)\./;

/** Finds out how a layer works; null where it is not attention and MLP. */
export function encoderLayerPlanOf(
  modules: Modules,
  facts: StackFacts,
): EncoderLayerPlan | null {
  const { family, batch, tokens, dropout } = facts;
  const own = attentionOf(modules, facts, false);
  const mlp = mlpOf(modules, facts);
  if (!own || !mlp) return null;
  const crossing = attentionOf(modules, facts, true);
  const norms = normsOf(modules, family, crossing !== null);
  const residual = dropout.residual;
  return {
    rows: batch * tokens,
    norms: family.norms,
    holdsBranch: family.holds === "the embeddings",
    holdsInner: family.holdsInner,
    clamps: family.clamps && !facts.isDecoder,
    holdsAttended: family.holdsAttended,
    attention: {
      own,
      norm: norms.attention,
      dropout: family.dropsAttended ? residual : 0,
    },
    cross: crossing &&
      { own: crossing, norm: norms.cross, dropout: residual },
    mlp: { own: mlp, norm: norms.mlp, dropout: residual },
  };
}

function attentionOf(
  modules: Modules,
  facts: StackFacts,
  crosses: boolean,
): SourceAttentionPlan | null {
  const { architecture, family, batch, tokens, seen, isDecoder } = facts;
  const named = (role: Role) => byRole(modules, role, crosses);
  const o = named("o");
  const qkv = named("qkv");
  const [q, k, v] = [named("q"), named("k"), named("v")];
  if (!o || !(qkv || (q && k && v))) return null;
  const width = architecture.head_dim;
  const heads = o.in / width;
  return {
    disentangled: family.disentangled && q && k
      ? disentangledOf(modules, facts, { q, k })
      : null,
    projections: q && k && v ? { q, k, v } : { qkv: qkv as AdaptedLinear },
    o,
    heads: {
      batch,
      queries: tokens,
      keys: crosses ? seen : tokens,
      heads,
      kvHeads: k ? k.out / width : heads,
      width,
      valueWidth: width,
    },
    settings: {
      implementation: facts.implementation,
      masked: crosses ? facts.crossMasked : facts.masked,
      causal: isDecoder && !crosses,
      keyMask: false,
      dropout: facts.dropout.attention,
      wideSoftmax: facts.wideSoftmax,
      softcap: false,
      leavesWeights: !facts.wideSoftmax,
      addsInPlace: family.bias === "every sequence",
    },
    copiesHeads: family.copiesHeads,
    scalesQueries: family.scalesQueries,
    turnsWide: family.rotary === "fp32",
    caches: facts.caches && isDecoder,
  };
}

/**
 * What projects embedded distances: projections of their own, or those of keys and
 * queries.
 */
function disentangledOf(
  modules: Modules,
  { config, distances, dropout }: StackFacts,
  { q, k }: { readonly q: AdaptedLinear; readonly k: AdaptedLinear },
): DisentangledPlan | null {
  if (distances === 0) return null;
  const stated = config["pos_att_type"];
  const kinds = Array.isArray(stated)
    ? stated.map(String)
    : typeof stated === "string"
    ? stated.toLowerCase().split("|")
    : [];
  const shares = config["share_att_key"] === true;
  const own = (name: string) =>
    modules.linear(
      modules.pathOf((each) => each.endsWith(`.${name}.weight`)),
    );
  return {
    keys: kinds.includes("c2p") ? (shares ? k : own("pos_key_proj")) : null,
    queries: kinds.includes("p2c")
      ? (shares ? q : own("pos_query_proj"))
      : null,
    distances,
    drops: dropout.residual,
  };
}

function mlpOf(
  modules: Modules,
  { activation, compiled, dropout }: StackFacts,
): MlpPlan | null {
  const down = byRole(modules, "down", false);
  const fused = byRole(modules, "gate_up", false);
  const up = fused ?? byRole(modules, "up", false);
  if (!down || !up) return null;
  return {
    up,
    gate: fused ? "fused" : byRole(modules, "gate", false),
    down,
    activation,
    compiled,
    upFirst: false,
    dropout: dropout.mlp,
  };
}

/** Norms by the branches that the families' names give them to. */
function normsOf(
  modules: Modules,
  { norm: kind }: EncoderCode,
  crosses: boolean,
) {
  const paths = [...modules.names()].filter((name) =>
    name.endsWith(".weight") && modules.tensor(name)?.role === "norm"
  ).map((name) => name.slice(0, -".weight".length));
  const first = paths.find((path) => ATTENTION_NORM.test(path));
  const second = crosses ? paths.find((path) => CROSS_NORM.test(path)) : null;
  const last = paths.filter((path) => path !== first && path !== second).at(-1);
  const norm = (path: string | null | undefined) =>
    modules.norm(path ?? null, kind);
  return { attention: norm(first), cross: norm(second), mlp: norm(last) };
}

const ATTENTION_NORM =
  /^(layer\.0\.layer_norm|attention\.output\.LayerNorm|sa_layer_norm|attn_norm|self_attn_layer_norm|attention\.(self_attn_layer_norm|LayerNorm|ln)|input_layernorm|post_attention_layernorm)$/;
const CROSS_NORM = /^(layer\.1\.layer_norm|encoder_attn_layer_norm)$/;

function byRole(
  modules: Modules,
  role: Role,
  crosses: boolean,
): AdaptedLinear | null {
  const holds = (name: string, tensor: Tensor) =>
    tensor.role === role && tensor.module === "linear" &&
    CROSS.test(name) === crosses;
  return modules.linear(modules.pathOf(holds));
}
