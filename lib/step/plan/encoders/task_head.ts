import type { ActivationKind } from "../../ops/activations.ts";
import type { AdaptedLinear } from "../../ops/adapted_linear.ts";
import type { Dtype } from "../../dtype.ts";
import type { Norm } from "../../ops/norms.ts";
import type { EncoderSource, StackPlan } from "./encoder_plan.ts";
import type { EncoderFamily } from "./family.ts";
import { numberOf } from "./family.ts";

/** An operation between the last layer and the logits. */
export type HeadStep =
  | { readonly kind: "linear"; readonly layer: AdaptedLinear }
  | { readonly kind: "activation"; readonly activation: ActivationKind }
  | { readonly kind: "tanh" }
  | { readonly kind: "scaled" }
  | { readonly kind: "norm"; readonly norm: Norm }
  | { readonly kind: "dropout"; readonly probability: number };

/** From the last layer to what the loss is taken of. */
export interface TaskHead {
  /** In words, for the answer's reader. */
  readonly task: string;
  /** Rows that it reads: every token, or the first of each sequence. */
  readonly reads: "tokens" | "first tokens";
  readonly steps: readonly HeadStep[];
  /** What gives the logits; null where the loss is taken of the steps' result. */
  readonly logits: AdaptedLinear | null;
  readonly isTied: boolean;
  /** The type of a row that is added to logits. */
  readonly offset: Dtype | null;
}

/** Finds the head that a model's tensors and its config's class have. */
export function taskHeadOf(
  { model, outside, scenario }: EncoderSource,
  family: EncoderFamily,
  { entry, last, lastDropout, name }: StackPlan,
): TaskHead | { reason: string } {
  const config = model.config ?? {};
  const residual = numberOf(config, family.dropout.residual);
  const linear = (pattern: RegExp) =>
    outside.linear(outside.pathOf((each) => pattern.test(each)));
  const ends: HeadStep[] = [
    ...(last ? [{ kind: "norm" as const, norm: last }] : []),
    ...(lastDropout > 0
      ? [{ kind: "dropout" as const, probability: lastDropout }]
      : []),
  ];
  const drops: HeadStep = { kind: "dropout", probability: residual };
  const own = linear(VOCABULARY);
  const bias = outside.parameter(
    outside.find((each) => VOCABULARY_BIAS.test(each)),
  );
  const saysTokens = name === "decoder" || own !== null || bias !== null;
  if (saysTokens && "table" in entry) {
    const { table } = entry;
    const [out = 1, width = 1] = table.shape;
    const isT5 = family.bias !== null;
    const wide = outside.norm(
      outside.pathOf((each) => TRANSFORM_NORM.test(each)),
      family.norm,
    );
    const dense = linear(TRANSFORM);
    return {
      task: name === "decoder"
        ? "the loss of every token that the decoder gives"
        : "a masked-language loss over every position",
      reads: "tokens",
      steps: [
        ...ends,
        ...(dense
          ? [
            { kind: "linear" as const, layer: dense },
            { kind: "activation" as const, activation: "kernel" as const },
          ]
          : []),
        ...(wide ? [{ kind: "norm" as const, norm: wide }] : []),
        ...(isT5 && own === null && family.bias === "first layer"
          ? [{ kind: "scaled" as const }]
          : []),
      ],
      logits: own ?? outside.savedHead() ??
        {
          name: "tied head",
          in: width,
          out,
          weight: table,
          bias,
          adapter: null,
        },
      isTied: own === null,
      offset: model.buffers.some((each) =>
          each.name.endsWith("final_logits_bias")
        )
        ? scenario.precision.weights
        : null,
    };
  }
  const classifier = linear(
    /(^|\.)(classifier|classifier\.out_proj|qa_outputs|seq_relationship|dense_prediction|classification_head\.out_proj)\.weight$/,
  );
  const before = linear(
    /(^|\.)(pooler\.dense|pre_classifier|classifier\.dense|discriminator_predictions\.dense|head\.dense|classification_head\.dense)\.weight$/,
  );
  const perToken =
    /TokenClassification|QuestionAnswering/.test(className(config)) ||
    /ForPreTraining$/.test(className(config));
  if (perToken && classifier) {
    return {
      task: "a loss over the classes of every token",
      reads: "tokens",
      steps: [
        ...ends,
        ...(before && !/pooler/.test(before.name)
          ? [
            { kind: "linear" as const, layer: before },
            { kind: "activation" as const, activation: "kernel" as const },
          ]
          : []),
        ...(/TokenClassification/.test(className(config)) ? [drops] : []),
      ],
      logits: classifier,
      isTied: false,
      offset: null,
    };
  }
  const pools = before !== null && /pooler/.test(before.name);
  return {
    task: classifier
      ? "a loss over the classes of each sequence"
      : "a loss of what the first token of each sequence gives: no head is saved with the model",
    reads: "first tokens",
    steps: [
      ...ends,
      ...(pools || before === null ? [] : [drops]),
      ...(before
        ? [{ kind: "linear" as const, layer: before }, {
          kind: "tanh" as const,
        }]
        : []),
      ...(classifier ? [drops] : []),
    ],
    logits: classifier,
    isTied: false,
    offset: null,
  };
}

const VOCABULARY =
  /(^|\.)(lm_head|proj_out|decoder|vocab_projector|generator_lm_head|lm_head\.decoder)\.weight$/;
const VOCABULARY_BIAS =
  /(^|\.)(cls\.predictions\.bias|lm_head\.bias|vocab_projector\.bias|generator_lm_head\.bias|decoder\.bias)$/;
const TRANSFORM =
  /(^|\.)(transform\.dense|lm_head\.dense|vocab_transform|generator_predictions\.dense|head\.dense)\.weight$/;
const TRANSFORM_NORM =
  /(^|\.)(transform\.LayerNorm|lm_head\.layer_norm|vocab_layer_norm|generator_predictions\.LayerNorm|head\.norm)\.weight$/;

function className(config: Readonly<Record<string, unknown>>): string {
  const named = config["architectures"];
  const [first] = Array.isArray(named) ? named : [];
  return typeof first === "string" ? first : "";
}
