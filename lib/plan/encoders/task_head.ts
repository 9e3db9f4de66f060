import type { EncoderCode } from "../../models/families/code/encoder.ts";
import { numberOf, textOf } from "../../models/families/code/setting.ts";
import { namedClass } from "../../models/heads/class_of_config.ts";
import type { AdaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import type {
  HeadStep,
  LossBranch,
  TaskHead,
} from "../../play/record/task_head.ts";
import type { Modules } from "../modules.ts";
import type { EncoderSource, StackPlan } from "./stack_plan.ts";

/** Finds the head that a model's tensors and its config's class have. */
export function taskHeadOf(
  source: EncoderSource,
  family: EncoderCode,
  last: StackPlan,
): TaskHead {
  const classes = classesOf(source, family);
  const head = vocabularyOf(source, family, last, classes) ??
    { ...classes, beside: null, isTied: false, offset: null };
  return { ...head, body: endsOf(last) };
}

/** The stack's own end, before any head. */
function endsOf({ last, lastDropout }: StackPlan): HeadStep[] {
  return [
    ...(last ? [{ kind: "norm" as const, norm: last }] : []),
    ...(lastDropout > 0
      ? [{ kind: "dropout" as const, probability: lastDropout }]
      : []),
  ];
}

/** Logits of a vocabulary; null of a model that gives none. */
function vocabularyOf(
  { model, outside, scenario }: EncoderSource,
  family: EncoderCode,
  { entry, name }: StackPlan,
  classes: LossBranch,
): TaskHead | null {
  const own = linearAt(outside, VOCABULARY);
  const bias = outside.parameter(
    outside.find((each) => VOCABULARY_BIAS.test(each)),
  );
  const decodes = name === "decoder" && classes.logits === null;
  if (!("table" in entry) || !(own || bias || decodes)) return null;
  const { table } = entry;
  const [out = 1, width = 1] = table.shape;
  const isScaled = own === null && family.bias === "first layer";
  const follows = linearAt(outside, FOLLOWS) !== null;
  const tied = { name: "tied head", in: width, out, weight: table, bias };
  return {
    loss: "rows",
    task: name === "decoder"
      ? "the cross entropy of every token that the decoder gives"
      : "the cross entropy of every position, as in training on masked words",
    reads: "tokens",
    steps: [
      ...transformed(outside, family),
      ...(isScaled ? [{ kind: "scaled" as const }] : []),
    ],
    logits: own ?? outside.savedHead() ?? { ...tied, adapter: null },
    beside: follows ? classes : null,
    isTied: own === null,
    offset:
      model.buffers.some((each) => each.name.endsWith("final_logits_bias"))
        ? scenario.precision.weights
        : null,
  };
}

/** Classes of sequences or tokens, or what a model without a head gives. */
function classesOf(
  { model, outside }: EncoderSource,
  family: EncoderCode,
): LossBranch & { readonly task: string } {
  const config = model.config ?? {};
  const name = namedClass(config);
  const logits = linearAt(outside, CLASSIFIER);
  const dense = linearAt(outside, DENSE);
  const pools = dense !== null && /pooler/.test(dense.name);
  const drops: HeadStep = {
    kind: "dropout",
    probability: numberOf(config, family.dropout.residual),
  };
  const isHead = !pools && linearAt(outside, TRANSFORM) !== null;
  const headSteps = isHead ? transformed(outside, family) : [];
  if (/QuestionAnswering$/.test(name) && logits) {
    const probability = numberOf(config, family.dropout.spans);
    return {
      task: SPANS,
      reads: "tokens",
      steps: [...headSteps, { kind: "dropout", probability }],
      logits,
      loss: "spans",
    };
  }
  const ofTokens = /TokenClassification/.test(name) ||
    (/ForPreTraining$/.test(name) && !pools);
  if (ofTokens && logits) {
    return {
      task: "the cross entropy of the classes of every token",
      reads: "tokens",
      loss: "rows",
      steps: [
        ...(pools || isHead ? [] : transformed(outside, family, DENSE)),
        ...headSteps,
        ...(/TokenClassification/.test(name) ? [drops] : []),
      ],
      logits,
    };
  }
  const pooling = textOf(config, family.pooling);
  if (pooling === "late" && dense === null && isHead && logits) {
    return {
      loss: "rows",
      task: "the cross entropy of each sequence's mean of all tokens' classes",
      reads: "tokens",
      steps: headSteps,
      logits,
    };
  }
  return {
    loss: "rows",
    task: logits
      ? "the cross entropy of the classes of each sequence"
      : "taken of what the first token of each sequence gives: no head is saved with the model",
    reads: pooling === "mean" && logits ? "means" : "first tokens",
    steps: [
      ...(isHead ? headSteps : dense === null ? [] : [
        ...(pools ? [] : [drops]),
        { kind: "linear" as const, layer: dense },
        { kind: "tanh" as const },
      ]),
      ...(logits ? [drops] : []),
    ],
    logits,
  };
}

/** In words, of a loss that asks where a span begins and where it ends. */
export const SPANS =
  "the mean of two cross entropies, of where spans begin and where they end";

/** A linear layer, its activation and its norm, as far as they are there. */
function transformed(
  outside: Modules,
  family: EncoderCode,
  path = TRANSFORM,
): HeadStep[] {
  const layer = linearAt(outside, path);
  const norm = outside.norm(
    outside.pathOf((each) => TRANSFORM_NORM.test(each)),
    family.norm,
  );
  return [
    ...(layer
      ? [
        { kind: "linear" as const, layer },
        {
          kind: "activation" as const,
          activation: family.activation[1] === "gelu_erf"
            ? "gelu_erf" as const
            : "kernel" as const,
        },
      ]
      : []),
    ...(layer && norm ? [{ kind: "norm" as const, norm }] : []),
  ];
}

function linearAt(outside: Modules, pattern: RegExp): AdaptedLinear | null {
  return outside.linear(outside.pathOf((name) => pattern.test(name)));
}

const VOCABULARY =
  /(^|\.)(lm_head|proj_out|decoder|vocab_projector|generator_lm_head)\.weight$/;
const VOCABULARY_BIAS =
  /(^|\.)((cls\.predictions|lm_head|vocab_projector|generator_lm_head)\.|decoder\.)bias$/;
const TRANSFORM =
  /^dense\.weight$|(^|\.)(transform\.dense|lm_head\.dense|vocab_transform|generator_predictions\.dense|head\.dense)\.weight$/;
const TRANSFORM_NORM =
  /(^|\.)(transform\.(LayerNorm|layer_norm)|lm_head\.layer_norm|vocab_layer_norm|generator_predictions\.LayerNorm|head\.norm)\.weight$/;
const CLASSIFIER =
  /(^|\.)(classifier|out_proj|qa_outputs|seq_relationship|dense_prediction)\.weight$/;
const DENSE =
  /(^|\.)(pooler|classifier|discriminator_predictions|classification_head)\.dense\.weight$|(^|\.)pre_classifier\.weight$/;
const FOLLOWS = /(^|\.)cls\.seq_relationship\.weight$/;
