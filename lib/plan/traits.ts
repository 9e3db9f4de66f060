import type { Config } from "../models/config.ts";
import type {
  FusedLayout,
  RotaryKind,
} from "../models/families/code/attention.ts";
import type { FamilyCode } from "../models/families/code/code.ts";
import type { Arrangement, NormKind } from "../models/families/code/layer.ts";
import { numberOf, told } from "../models/families/code/setting.ts";
import type { ActivationKind } from "../play/torch/ops/activations.ts";
import { activationKind } from "../play/torch/ops/activations.ts";

/** What a model's code does beside what its tensors tell. */
export interface Traits {
  /** How norms without a bias are computed; those with one are LayerNorms. */
  readonly norm: NormKind;
  /** Where norms stand: before each half, around it, after it, or once for both. */
  readonly arrangement: Arrangement;
  /** How heads learn their positions. */
  readonly rotary: RotaryKind;
  /** The share of a head that is turned. */
  readonly rotaryShare: number;
  readonly repeatedTables: boolean;
  /** Whether the part that is turned is turned token by token, as in GPT-J. */
  readonly turnsByToken: boolean;
  /** Whether heads are normed after they are turned. */
  readonly normsTurned: boolean;
  /** Whether turned heads are normed without parameters: Llama 4. */
  readonly normsBare: boolean;
  /** Whether eager attention multiplies queries and keys in fp32. */
  readonly wideScores: boolean;
  readonly wideRotary: boolean;
  readonly activation: ActivationKind;
  readonly wideSoftmax: boolean;
  readonly attentionSoftcap: boolean;
  readonly finalSoftcap: boolean;
  /** Whether a layer cuts its gates off below a threshold of each row. */
  readonly cutsGate: boolean;
  readonly dropout: { attention: number; residual: number; embedding: number };
  /** Whether a layer's code holds what its attention read till its end. */
  readonly holdsNormed: boolean;
  /** Whether a layer's code holds what its attention gave till its end. */
  readonly holdsAttended: boolean;
  /** Whether the layer's own code runs the MLP, over one variable. */
  readonly inlineMlp: boolean;
  readonly scaledResiduals: boolean;
  readonly scaledLogits: boolean;
  readonly scaledEmbeddings: boolean;
  /** How a fused projection of queries, keys and values is cut. */
  readonly fused: FusedLayout;
}

/** The traits of a family's code as a model's config states them. */
export function traitsOf(
  { layer, rotary, attention, mlp, dropout, multiplies, loss }: FamilyCode,
  config: Config,
  headDim: number,
): Traits {
  const text = innerConfig(config);
  const [names, usual] = mlp.activation;
  const act =
    names.map((key) => text[key]).find((name) =>
      name !== undefined && name !== null
    ) ?? usual;
  const caps = (key: string) =>
    attention.softcaps ? text[key] !== null : isNumber(text[key]);
  const multiplied = (...keys: string[]) =>
    keys.some((key) => isNumber(text[key]));
  return {
    norm: layer.norm,
    arrangement: told(layer.arrangement, text),
    rotary: told(rotary.kind, text),
    rotaryShare: rotary.features
      ? numberOf(text, rotary.features) / headDim
      : numberOf(text, [["partial_rotary_factor", "rotary_pct"], rotary.share]),
    repeatedTables: rotary.repeatedTables,
    wideRotary: rotary.wide,
    turnsByToken: rotary.byToken,
    normsTurned: attention.normsTurned,
    normsBare: told(attention.normsBare, text),
    wideScores: attention.wideScores,
    activation: activationKind(typeof act === "string" ? act : "silu"),
    wideSoftmax: attention.wideSoftmax,
    attentionSoftcap: caps("attn_logit_softcapping"),
    finalSoftcap: loss.caps
      ? text["final_logit_softcapping"] !== null
      : caps("final_logit_softcapping"),
    cutsGate: false,
    dropout: {
      attention: numberOf(text, dropout.attention),
      residual: numberOf(text, dropout.residual),
      embedding: numberOf(text, dropout.embedding),
    },
    inlineMlp: mlp.isInline,
    holdsNormed: layer.holdsNormed,
    holdsAttended: layer.holdsAttended,
    scaledResiduals: multiplies.residuals || multiplied("residual_multiplier"),
    scaledLogits: multiplies.logits ||
      multiplied("logits_scaling", "logit_scale"),
    fused: told(attention.fused, text),
    scaledEmbeddings: multiplies.embeddings ||
      multiplied("embedding_multiplier"),
  };
}

/** The language model's own config, where a vision-language model nests it. */
export function innerConfig(config: Config): Config {
  const nested = config["text_config"] ?? config["llm_config"];
  return typeof nested === "object" && nested !== null
    ? { ...config, ...nested }
    : config;
}

function isNumber(value: unknown): boolean {
  return typeof value === "number";
}
